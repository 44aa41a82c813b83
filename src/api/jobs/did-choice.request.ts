import { type Static, Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type DidChoice } from '../../jobs/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { text } from '../rules/rule-item.request.js';
import { name, type Orderer, strict } from './job-order.request.js';

/** The name of a DID. */
export const did = Type.Object(
  { scope: name(Limits.scopeLength), name: name(Limits.didNameLength) },
  strict,
);

/** Which DIDs: one of these. */
export const choice = {
  query: Type.Optional(
    Type.Object(
      {
        scope: name(Limits.scopeLength),
        filters: Type.Optional(Type.Unknown()),
        type: Type.Optional(text(50)),
      },
      strict,
    ),
  ),
  content: Type.Optional(did),
  dids: Type.Optional(Type.Array(did, { minItems: 1 })),
};
interface GivenChoice {
  readonly query?: Static<typeof choice.query>;
  readonly content?: DidName;
  readonly dids?: readonly DidName[];
}

/** Of a list each DID counts once; a query that says no type is about `type`. */
export function readChoice(
  { query, content, dids }: GivenChoice,
  { itemsMax }: Orderer,
  type: 'collection' | 'file',
): DidChoice {
  if (dids && dids.length > itemsMax) {
    throw new InvalidObject(
      `Problem validating dids: ${dids.length} are more than ${itemsMax}; say which by a query or by content`,
      { field: 'dids' },
    );
  }
  demandReadable(query?.filters);
  const each = dids && new Map(dids.map((did) => [`${did.scope}:${did.name}`, did]));
  return {
    ...(query && {
      query: {
        scope: query.scope,
        filters: query.filters ?? null,
        type: query.type ?? type,
      },
    }),
    ...(content && { content }),
    ...(each && { dids: [...each.values()] }),
  };
}

/** As long as those of a search may be. Throws InvalidObject. */
function demandReadable(filters: unknown): void {
  if ((JSON.stringify(filters ?? null) ?? '').length <= Limits.filtersLength) return;
  throw new InvalidObject(
    `Problem validating query.filters: they take ${Limits.filtersLength} characters at most`,
    { field: 'query.filters' },
  );
}
