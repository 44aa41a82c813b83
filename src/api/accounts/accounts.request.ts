import { Type } from 'typebox';
import { type AccountChange, type AccountFilter } from '../../accounts/index.js';
import { InvalidAccountType, ValueError } from '../../errors/index.js';
import {
  AccountStatus,
  AccountStatusCodec,
  type AccountType,
  AccountTypeCodec,
  Limits,
  Patterns,
} from '../../vocabulary/index.js';
import { parseBody, parseName, parseObject, parseText } from '../wire/index.js';

const Email = Type.Union([Type.String({ maxLength: 255 }), Type.Null()]);

const NewAccount = Type.Object({ type: Type.String(), email: Email });

/** An account type by its name in any case. Throws InvalidAccountType. */
export function parseAccountType(text: string): AccountType {
  const type = AccountTypeCodec.letter(text);
  if (type !== undefined) return type;
  throw new InvalidAccountType(
    `There is no account type '${text}': use one of ${AccountTypeCodec.names.join(', ')}`,
    { type: text },
  );
}

/** The account to add. */
export function parseNewAccount(
  name: string,
  body: unknown,
): { readonly name: string; readonly type: AccountType; readonly email: string | null } {
  parseName(Patterns.account, name, 'account');
  const { type, email } = parseBody(NewAccount, body, 'an account');
  return { name, type: parseAccountType(type), email };
}

/** What is to change: status and email, and nothing else. Throws ValueError. */
export function parseAccountChange(body: unknown): AccountChange {
  const given = parseObject(body, 'an account update');
  const unknown = Object.keys(given).find((key) => !['status', 'email'].includes(key));
  if (unknown !== undefined) {
    throw new ValueError(`An account has no '${unknown}' to update: use status or email`, {
      key: unknown,
    });
  }
  return {
    ...('status' in given && { status: parseStatus(given.status) }),
    ...('email' in given && { email: parseEmail(given.email) }),
  };
}

function parseStatus(value: unknown): AccountStatus {
  const status = typeof value === 'string' ? AccountStatusCodec.letter(value) : undefined;
  if (status !== undefined && status !== AccountStatus.DELETED) return status;
  throw new ValueError('Field status takes ACTIVE or SUSPENDED', { key: 'status' });
}

function parseEmail(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && value.length <= 255)) return value;
  throw new ValueError('Field email takes a text of at most 255 characters', { key: 'email' });
}

/** Which accounts to list: what is no parameter of ours is an attribute. */
export function parseAccountFilter(query: Readonly<Record<string, unknown>>): AccountFilter {
  const { account_type: type, identity, account, ...others } = query;
  const typeName = parseText(type, 'account_type');
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(others)) {
    attributes[key] = attributeText(parseText(value, key) ?? '');
  }
  return {
    type: typeName === undefined ? undefined : parseAccountType(typeName),
    identity: parseText(identity, 'identity'),
    name: parseText(account, 'account'),
    attributes,
  };
}

const NewAttribute = Type.Object({
  key: Type.Optional(Type.String()),
  value: Type.Union([Type.String(), Type.Boolean(), Type.Number()]),
});

/** An attribute as it is stored: booleans are 'true' and 'false'. */
export function parseNewAttribute(
  key: string,
  body: unknown,
): { readonly key: string; readonly value: string } {
  const { value } = parseBody(NewAttribute, body, 'an account attribute');
  return {
    key: parseName(Patterns.accountAttribute, key, 'key'),
    value: parseName(Patterns.accountAttribute, attributeText(String(value)), 'value'),
  };
}

const attributeText = (text: string): string =>
  /^(true|false)$/i.test(text) ? text.toLowerCase() : text;

const LimitBody = Type.Object({
  bytes: Type.Number({ minimum: -1, maximum: Number(Limits.maxBytes) - 1024 }),
});

/** A limit in bytes; -1 is unlimited. */
export function parseLimit(body: unknown): bigint {
  const { bytes } = parseBody(LimitBody, body, 'an account limit');
  return BigInt(Math.trunc(bytes));
}
