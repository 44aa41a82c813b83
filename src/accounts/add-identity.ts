import { type Tx } from '../db/index.js';
import { Duplicate, IdentityError } from '../errors/index.js';
import { IdentityTypeCodec } from '../vocabulary/index.js';
import { type Account } from './account.sql.js';
import {
  ensureIdentity,
  findMappedIdentity,
  forgetUnmappedIdentity,
  type Identity,
  mapIdentity,
  type NewIdentity,
  unmapIdentity,
} from './identity.sql.js';
import { revokeTokens } from './token.sql.js';

/**
 * Lets an identity speak for an account, making the identity if it is new. One that is there already
 * keeps its password. Throws Duplicate if it speaks for the account already.
 */
export async function addIdentity(
  tx: Tx,
  account: Account,
  identity: NewIdentity & { readonly isDefault: boolean },
): Promise<void> {
  const id = await ensureIdentity(tx, identity);
  if (await mapIdentity(tx, account.id, id, identity.isDefault)) return;
  throw new Duplicate(`${described(identity)} already belongs to account '${account.name}'`, {
    account: account.name,
  });
}

/**
 * Takes an identity away from an account and ends the logins that it began. An identity that speaks
 * for no account any more is forgotten with its password. Throws IdentityError if it is not there.
 */
export async function removeIdentity(
  tx: Tx,
  account: Account,
  identity: Pick<Identity, 'type' | 'identity'>,
): Promise<void> {
  const id = await findMappedIdentity(tx, account.id, identity);
  if (id === undefined) {
    throw new IdentityError(`${described(identity)} does not belong to account '${account.name}'`, {
      account: account.name,
    });
  }
  await unmapIdentity(tx, account.id, id);
  await revokeTokens(tx, account.id, id);
  await forgetUnmappedIdentity(tx, id);
}

const described = ({ type, identity }: Pick<Identity, 'type' | 'identity'>): string =>
  `Identity '${identity}' of type ${IdentityTypeCodec.name(type)}`;
