import { type Rse } from '../../rses/index.js';
import { readableBytes, RseType, type RseId } from '../../vocabulary/index.js';
import { type Flow, type Risks } from './flows.sql.js';
import {
  type Amount,
  type Beginning,
  type PlanWarning,
  type QuotaChange,
  type RoomChange,
  type SpaceChange,
  sumOf,
} from './plan.js';

/** What a warning can be about. */
export interface Omens {
  readonly flows: readonly Flow[];
  readonly risks: Risks;
  readonly quota: readonly QuotaChange[];
  readonly space: readonly SpaceChange[];
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly beginnings: readonly { readonly begins: Beginning; readonly rules: number }[];
  /** DIDs that have the same rule already and are passed over. */
  readonly existing: number;
}

/** What somebody should know before saying yes. Pure. */
export function warningsOf(omens: Omens): PlanWarning[] {
  return [
    ...ofSources(omens),
    ...ofRisks(omens),
    ...ofDestinations(omens),
    ...ofRoom(omens),
    ...ofRules(omens),
  ];
}

function ofSources({ flows, rses }: Omens): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  const stuck = sumOf(flows.filter(({ fate }) => fate === 'stuck'));
  if (stuck.files > 0n) {
    const message = `${said(stuck)} have no source that can be read: these copies would be stuck`;
    warnings.push({ code: 'NO_SOURCE', message });
  }
  const awaited = sumOf(flows.filter(({ fate }) => fate === 'awaited'));
  if (awaited.files > 0n) {
    const message = `${said(awaited)} wait for a source that is on its way or away for a time`;
    warnings.push({ code: 'SOURCE_AWAITED', message });
  }
  const recalls = flows.filter(
    ({ fate, source }) => fate === 'source' && rses.get(source ?? -1)?.type === RseType.TAPE,
  );
  for (const [source, some] of groupsOf(recalls, (flow) => flow.source ?? -1)) {
    const message = `${said(sumOf(some))} have to be recalled from tape at ${nameOf(rses, source)}`;
    warnings.push({ code: 'TAPE_RECALL', message });
  }
  return warnings;
}

function ofRisks({ risks }: Omens): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (risks.single.files > 0n) {
    const message = `of ${said(risks.single)} there is one good copy only until the new ones are there`;
    warnings.push({ code: 'SINGLE_SOURCE', message });
  }
  if (risks.oneSite.files > 0n) {
    const message = `all copies of ${said(risks.oneSite)} would be at one site`;
    warnings.push({ code: 'ONE_SITE', message });
  }
  return warnings;
}

function ofDestinations({ flows, rses }: Omens): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  for (const [id, some] of groupsOf(flows, ({ destination }) => destination)) {
    const rse = rses.get(id);
    if (!rse) continue;
    if (!rse.availabilityRead) {
      const message = `${rse.name} cannot be read now: ${said(sumOf(some))} there would be of no use to anybody`;
      warnings.push({ code: 'NOT_READABLE', message });
    }
    const move = sumOf(some.filter(({ fate }) => fate !== 'there' && fate !== 'coming'));
    if (!rse.availabilityWrite && move.files > 0n) {
      const message = `${rse.name} cannot be written now: ${said(move)} wait until it can`;
      warnings.push({ code: 'NOT_WRITABLE', message });
    }
  }
  return warnings;
}

/** Nearly full: more than nine tenths. */
const isNearlyFull = ({ limit, after }: RoomChange): boolean =>
  limit !== null && after * 10n > limit * 9n;

function ofRoom({ quota, space }: Omens): PlanWarning[] {
  const share = ({ limit, after }: RoomChange): string =>
    `${readableBytes(after)} of ${readableBytes(limit ?? 0n)}`;
  return [
    ...quota.filter(isNearlyFull).map((change) => ({
      code: 'QUOTA_NEARLY_FULL' as const,
      message: `the account would have used ${share(change)} of its quota at ${change.rseExpression}`,
    })),
    ...space.filter(isNearlyFull).map((change) => ({
      code: 'RSE_NEARLY_FULL' as const,
      message: `${change.rse} would hold ${share(change)}, which is its limit`,
    })),
  ];
}

function ofRules({ beginnings, existing }: Omens): PlanWarning[] {
  const waiting = beginnings.find(({ begins }) => begins === 'AFTER_APPROVAL')?.rules ?? 0;
  const rules = (count: number) => (count === 1 ? '1 rule' : `${count} rules`);
  return [
    ...(waiting > 0
      ? [
          {
            code: 'WAITS_FOR_APPROVAL' as const,
            message: `${rules(waiting)} would wait until an administrator approves`,
          },
        ]
      : []),
    ...(existing > 0
      ? [{ code: 'RULE_EXISTS' as const, message: `${rules(existing)} of these exist already` }]
      : []),
  ];
}

const said = ({ files, bytes }: Amount): string =>
  `${files} ${files === 1n ? 'file' : 'files'} (${readableBytes(bytes)})`;

const nameOf = (rses: ReadonlyMap<RseId, Rse>, id: RseId): string =>
  rses.get(id)?.name ?? `RSE ${id}`;

function groupsOf<Item>(items: readonly Item[], key: (item: Item) => RseId): Map<RseId, Item[]> {
  const groups = new Map<RseId, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
