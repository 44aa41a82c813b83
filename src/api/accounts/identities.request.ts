import { Type } from 'typebox';
import { IdentityError, InvalidObject } from '../../errors/index.js';
import { IdentityType, IdentityTypeCodec } from '../../vocabulary/index.js';
import { parseBody } from '../wire/index.js';

/** An identity type by its name in any case. Throws InvalidObject. */
export function parseIdentityType(text: string): IdentityType {
  const type = IdentityTypeCodec.letter(text);
  if (type !== undefined) return type;
  throw new InvalidObject(
    `Problem validating authtype: '${text}' is not one of ${IdentityTypeCodec.names.join(', ')}`,
    { authtype: text },
  );
}

const optionalText = (maxLength: number) =>
  Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

const NewIdentityBody = Type.Object({
  identity: Type.String({ minLength: 1, maxLength: 2048 }),
  authtype: Type.String(),
  email: Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
  default: Type.Optional(Type.Boolean()),
  password: optionalText(1024),
});

/** An identity to be added; the password still as text, and only where the type has one. */
export interface IdentityRequest {
  readonly type: IdentityType;
  readonly identity: string;
  readonly email: string | null;
  readonly isDefault: boolean;
  readonly password: string | undefined;
}

/** Throws IdentityError for a USERPASS identity without a password. */
export function parseNewIdentity(body: unknown): IdentityRequest {
  const given = parseBody(NewIdentityBody, body, 'an identity');
  const type = parseIdentityType(given.authtype);
  const hasPassword = type === IdentityType.USERPASS;
  if (hasPassword && !given.password) {
    throw new IdentityError(`Identity '${given.identity}' of type USERPASS needs a password`);
  }
  return {
    type,
    identity: given.identity,
    email: given.email,
    isDefault: given.default ?? false,
    password: hasPassword ? (given.password ?? undefined) : undefined,
  };
}

const NamedIdentityBody = Type.Object({ identity: Type.String(), authtype: Type.String() });

/** Which identity is meant. */
export function parseNamedIdentity(body: unknown): {
  readonly type: IdentityType;
  readonly identity: string;
} {
  const { identity, authtype } = parseBody(NamedIdentityBody, body, 'an identity');
  return { identity, type: parseIdentityType(authtype) };
}
