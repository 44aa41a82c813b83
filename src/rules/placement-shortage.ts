import {
  InsufficientAccountLimit,
  InsufficientTargetRSEs,
  RSEOverQuota,
  type SluiceError,
} from '../errors/index.js';
import { type RseId } from '../vocabulary/index.js';
import { nameSome } from './name-some.js';
import { nearestChanges, onlyDistinct } from './nearest-changes.js';
import { printConstraints } from './placement-constraints.js';
import { type Candidate, type PlacementUnit, rankCandidates } from './rank-candidates.js';
import { isUsable, type SiteConstraints } from './site-constraints.js';
import { chooseCopies } from './solve-placement.js';

/**
 * Why a unit cannot be placed as its constraints say: the limits, where there would be a way without
 * them, else the constraint that there is no way to keep, and the changes nearest to it with which
 * there is one. InsufficientAccountLimit, RSEOverQuota or InsufficientTargetRSEs.
 */
export function shortageWithin(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  rules: SiteConstraints,
): SluiceError {
  const taken = unit.taken ?? [];
  const weighted = candidates.filter(({ weight }) => weight !== null);
  const all = [...taken, ...weighted.map(({ rseId }) => rseId)];
  const verdict = chooseCopies(all, rules);
  const lack = typeof verdict === 'string' ? undefined : noRoom(unit, candidates, rules);
  if (lack) return lack;
  const asked = printConstraints(rules);
  const facts = { copies: rules.copies, placement: asked };
  if (verdict !== 'infeasible') {
    return new InsufficientTargetRSEs(
      `No RSEs for ${rules.copies} copies were found within reasonable time for '${asked}': ask for fewer attributes in distinct`,
      facts,
    );
  }
  const changes = nearestChanges(all, rules);
  const way = changes.length > 0 ? `. Possible: ${changes.join('; or ')}` : '';
  return new InsufficientTargetRSEs(
    `Target RSE set not sufficient for ${rules.copies} copies: ${brokenConstraint(all, rules)}${weightless(rules)}${way}`,
    { ...facts, changes },
  );
}

/** There would be a way, if some RSEs had more room; undefined where all have. */
function noRoom(
  unit: PlacementUnit,
  candidates: readonly Candidate[],
  rules: SiteConstraints,
): SluiceError | undefined {
  const { fit, rejected } = rankCandidates(unit, candidates);
  const open = [...(unit.taken ?? []), ...fit.map(({ rseId }) => rseId)];
  const named = (reason: 'account limit' | 'RSE limit') =>
    candidates.filter(({ rseId }) =>
      rejected.some((no) => no.rseId === rseId && no.reason === reason),
    );
  const [poor, full] = [named('account limit'), named('RSE limit')];
  if (poor.length + full.length === 0) return undefined;
  const helps = (some: readonly Candidate[]): boolean =>
    typeof chooseCopies([...open, ...some.map(({ rseId }) => rseId)], rules) !== 'string';
  const byQuota = poor.length > 0 && (helps(poor) || !helps(full));
  const byBoth = byQuota && full.length > 0 && !helps(poor);
  const blamed = byQuota ? poor : full;
  const single = blamed.filter((candidate) => helps([candidate]));
  const names = (some: readonly Candidate[]) => nameSome(some.map(({ name }) => name));
  const way =
    single.length > 0 ? `room at ${names(single)} would do` : `room is needed at several of them`;
  const too = byBoth ? `, nor, by the limit of the RSE, on ${names(full)}` : '';
  const text = `${unit.bytes} bytes do not fit on ${names(blamed)}${too}; for '${printConstraints(rules)}' ${way}`;
  const rses = [...blamed, ...(byBoth ? full : [])].map(({ name }) => name);
  const facts = { copies: rules.copies, bytes: unit.bytes, rses };
  return byQuota
    ? new InsufficientAccountLimit(
        `There is insufficient quota on any of the target RSE's to fulfill the operation: ${text}`,
        facts,
      )
    : new RSEOverQuota(
        `There is insufficient space on any of the target RSE's to fulfill the operation: ${text}`,
        facts,
      );
}

/** RSEs that a part names and that have not its weight. */
function weightless({ places }: SiteConstraints): string {
  const names = [...places.values()].filter(({ parts }) => parts.length === 0);
  return names.length === 0
    ? ''
    : `; without the weight: ${nameSome(names.map(({ name }) => name))}`;
}

/** The first constraint that cannot be kept, with those before it. */
function brokenConstraint(all: readonly RseId[], rules: SiteConstraints): string {
  const places = all.flatMap((rseId) => rules.places.get(rseId) ?? []);
  for (const [at, part] of rules.parts.entries()) {
    const those = places.filter(({ parts }) => parts.includes(at));
    if (those.length < part.copies) {
      return `'${part.rseExpression}' names ${counted(those.length, 'RSE')} that can be used, for ${part.copies} ${part.copies === 1 ? 'copy' : 'copies'}`;
    }
  }
  if (typeof chooseCopies(all, onlyDistinct(rules, [])) === 'string') {
    return `the parts of '${printConstraints(rules)}' need different RSEs, and name too few together`;
  }
  return brokenDistinct(all, rules);
}

function brokenDistinct(all: readonly RseId[], rules: SiteConstraints): string {
  const places = all.flatMap((rseId) => rules.places.get(rseId) ?? []);
  for (const [attribute, name] of rules.distinct.entries()) {
    const values = [
      ...new Set(places.filter(isUsable).flatMap((it) => it.values[attribute] ?? [])),
    ];
    const without = places.filter((it) => it.values[attribute] === null).map((it) => it.name);
    const lacking = without.length > 0 ? `, and none at ${nameSome(without)}` : '';
    if (values.length === 0) {
      return `no RSE of '${printConstraints(rules)}' that can be used has the attribute ${name}`;
    }
    if (rules.maxSkew === null && values.length < rules.copies) {
      return `only ${counted(values.length, 'value')} of ${name} (${nameSome(values.sort())}) among the RSEs of '${printConstraints(rules)}'${lacking}`;
    }
  }
  const asked = rules.distinct.join(',');
  return rules.maxSkew === null
    ? `no choice of RSEs for '${printConstraints(rules)}' has a ${asked} for each copy`
    : `no choice of RSEs for '${printConstraints(rules)}' is so even over ${asked}`;
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
