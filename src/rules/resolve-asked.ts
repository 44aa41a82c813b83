import { type Tx } from '../db/index.js';
import { matchRsesOfEach, type Rse, rsesById } from '../rses/index.js';
import { type RseId } from '../vocabulary/index.js';
import { placesAt } from './find-constraints.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type Asked, type Places } from './resolved-expressions.sql.js';
import { bindConstraints, type SiteConstraints } from './site-constraints.js';
import { weightOf } from './weight-of.js';

/** Expressions resolved in one statement. */
const CHUNK = 200;

/** What each expression names now, by the expression; none for what cannot be read. */
async function namedByEach(
  tx: Tx,
  expressions: readonly string[],
): Promise<ReadonlyMap<string, readonly RseId[]>> {
  const named = new Map<string, readonly RseId[]>();
  const each = [...new Set(expressions)];
  for (let at = 0; at < each.length; at += CHUNK) {
    const chunk = each.slice(at, at + CHUNK);
    const found = await matchRsesOfEach(tx, chunk);
    chunk.forEach((expression, i) => named.set(expression, found[i] ?? []));
  }
  return named;
}

const expressionsOf = ({ rseExpression, constraints }: Asked): readonly string[] =>
  constraints?.parts.map((part) => part.rseExpression) ?? [rseExpression];

/** What rules ask for, with their placement's constraints bound to the RSEs that there are now. */
export interface ResolvedAsked<Wish extends Asked> {
  readonly asked: Wish;
  readonly rses: readonly RseId[];
  /** Null without a placement. */
  readonly rules: SiteConstraints | null;
}

/** Resolves all that rules ask for; the number of statements does not grow with it. */
export async function resolveAsked<Wish extends Asked & { readonly ignoreAvailability?: boolean }>(
  tx: Tx,
  wishes: readonly Wish[],
): Promise<ResolvedAsked<Wish>[]> {
  const named = await namedByEach(tx, wishes.flatMap(expressionsOf));
  const membersOf = (wish: Asked) => expressionsOf(wish).map((text) => named.get(text) ?? []);
  const placed = wishes.filter(({ constraints }) => constraints !== null);
  const rses = await rsesById(tx, [...new Set(placed.flatMap(membersOf).flat())]);
  return wishes.map((asked) => {
    const members = membersOf(asked);
    const ids = [...new Set(members.flat())];
    const { constraints } = asked;
    const rules = constraints && bound({ ...asked, constraints }, members, rses);
    return { asked, rses: ids, rules };
  });
}

function bound(
  wish: Asked & {
    readonly constraints: PlacementConstraints;
    readonly ignoreAvailability?: boolean;
  },
  members: readonly (readonly RseId[])[],
  rses: ReadonlyMap<RseId, Rse>,
): SiteConstraints {
  const { constraints, weight, ignoreAvailability } = wish;
  const named = [...new Set(members.flat())]
    .flatMap((id) => rses.get(id) ?? [])
    .sort((a, b) => a.id - b.id);
  const open = ignoreAvailability ? named : named.filter((rse) => rse.availabilityWrite);
  return bindConstraints(
    constraints,
    placesAt(constraints, { named, open, weight, members, weighs }),
  );
}

/** A weight that is no number is none: what keeps copies from being placed is no drift by itself. */
function weighs(rse: Rse, name: string | null): boolean {
  const isNumber = name === null || Number.isFinite(Number(rse.attributes[name] ?? Number.NaN));
  return isNumber && weightOf(rse, name) !== null;
}

/** What the RSEs are to what was asked: a text that differs where a copy may have drifted. Pure. */
export const placesOfAsked = ({ rses, rules }: ResolvedAsked<Asked>): Places =>
  Object.fromEntries(
    rses.map((rseId) => {
      const place = rules?.places.get(rseId);
      return [rseId, place ? JSON.stringify([place.parts, place.values]) : ''];
    }),
  );
