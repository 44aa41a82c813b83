import { type DidName } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';
import { didWord, firstOf, part, remedy, word } from './remedy.js';

/** A collection goes on without files that nobody can bring back; `of` is how many of those there are. */
export const detach = (parent: DidName, files: readonly DidName[], of: bigint): Remedy =>
  remedy({
    what: `give up ${firstOf(files, of, 'file', 'files')}: out of ${parent.scope}:${parent.name}`,
    who: 'owner',
    method: 'DELETE',
    path: `/dids/${part(parent.scope)}/${part(parent.name)}/dids`,
    body: { dids: files },
    command: `rucio did content remove --from-did ${didWord(parent)} ${files.map(didWord).join(' ')}`,
  });

/** One more rule on a DID. */
export const addRule = (did: DidName, rseExpression: string, what: string): Remedy =>
  remedy({
    what,
    who: 'owner',
    method: 'POST',
    path: '/rules',
    body: {
      dids: [{ scope: did.scope, name: did.name }],
      copies: 1,
      rse_expression: rseExpression,
    },
    command: `rucio rule add ${didWord(did)} --copies 1 --rses ${word(rseExpression)}`,
  });

/** A DID that was to expire stays. */
export const keepDid = (did: DidName): Remedy =>
  remedy({
    what: 'take its end back',
    who: 'owner',
    method: 'POST',
    path: `/dids/${part(did.scope)}/${part(did.name)}/meta/lifetime`,
    body: { value: null },
    command: `rucio did remove --undo ${didWord(did)}`,
  });
