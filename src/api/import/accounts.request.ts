import { Type } from 'typebox';
import { IdentityError, InvalidObject } from '../../errors/index.js';
import { IdentityType, Patterns } from '../../vocabulary/index.js';
import { parseIdentityType } from '../accounts/identities.request.js';
import { parseBody, parseName } from '../wire/index.js';

const optionalText = (maxLength: number) =>
  Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

const AccountsBody = Type.Array(
  Type.Object({
    account: Type.String(),
    email: optionalText(255),
    identities: Type.Optional(
      Type.Union([
        Type.Array(
          Type.Object({
            type: Type.String(),
            identity: Type.String({ minLength: 1, maxLength: 2048 }),
            password: optionalText(1024),
          }),
        ),
        Type.Null(),
      ]),
    ),
  }),
);

/** An account to import; its passwords still as text. */
export interface RequestedAccount {
  readonly name: string;
  readonly email: string | null;
  readonly identities: readonly {
    readonly type: IdentityType;
    readonly identity: string;
    readonly email: string | null;
    readonly password: string | undefined;
  }[];
}

/** `[{account, email, identities: [{type, identity, password}]}]`. Throws InvalidObject, IdentityError. */
export function parseImportedAccounts(given: unknown): RequestedAccount[] {
  const accounts = parseBody(AccountsBody, given, 'the accounts of an import');
  const names = accounts.map(({ account }) => account);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new InvalidObject(`Problem validating an import: account '${twice}' stands twice`);
  }
  return accounts.map(({ account, email = null, identities }) => ({
    name: parseName(Patterns.account, account, 'account'),
    email,
    identities: (identities ?? []).map(({ type: named, identity, password }) => {
      const type = parseIdentityType(named);
      const hasPassword = type === IdentityType.USERPASS;
      if (hasPassword && !password) {
        throw new IdentityError(`Identity '${identity}' of type USERPASS needs a password`);
      }
      return { type, identity, email, password: hasPassword ? (password ?? undefined) : undefined };
    }),
  }));
}
