import { Type } from 'typebox';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { parseParameters } from '../wire/index.js';

const LockedDids = Type.Object({
  dids: Type.Array(
    Type.Object({
      scope: Type.String({ maxLength: Limits.scopeLength }),
      name: Type.String({ maxLength: Limits.didNameLength }),
    }),
    { maxItems: Limits.bulkItems },
  ),
});

/** The body of `POST locks/bulk_locks_for_dids`. */
export const parseLockedDids = (body: unknown): readonly DidName[] =>
  parseParameters(LockedDids, body, 'DIDs').dids;
