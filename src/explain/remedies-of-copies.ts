import { type DidName } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';
import { didWord, firstOf, remedy } from './remedy.js';

/** A copy by the names of its file and of its RSE. */
type Copy = DidName & { readonly rse: string };

/** Bad copies are replaced from good ones; `of` is how many there are, if they are not all of them. */
export const declareBad = (
  copies: readonly Copy[],
  reason: string,
  of = BigInt(copies.length),
): Remedy =>
  remedy({
    what: `declare ${firstOf(copies, of, 'copy', 'copies')} bad: good ones take their place`,
    who: 'admin',
    method: 'POST',
    path: '/replicas/bad',
    body: { reason, force: true, replicas: copies },
  });

/** An upload has ended well. */
export const sayThere = ({ rse, ...file }: Copy): Remedy =>
  remedy({
    what: 'say that it is there, if it is',
    who: 'owner',
    method: 'PUT',
    path: '/replicas',
    body: { rse, files: [{ ...file, state: 'A' }] },
  });

/** A copy may go at once. */
export const letGo = (copy: Copy): Remedy =>
  remedy({
    what: 'let the copy be deleted now',
    who: 'admin',
    method: 'POST',
    path: '/replicas/tombstone',
    body: { replicas: [copy] },
    command: `rucio replica remove ${didWord(copy)} --rse ${copy.rse}`,
  });
