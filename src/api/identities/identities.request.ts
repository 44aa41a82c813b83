import { type FastifyRequest } from 'fastify';
import { ValueError } from '../../errors/index.js';
import { type IdentityType, IdentityTypeCodec } from '../../vocabulary/index.js';
import { type IdentityRequest, parseNewIdentity } from '../accounts/identities.request.js';
import { parseText } from '../wire/index.js';

/** The identity that is asked about. Throws ValueError where a part of it is missing or no type. */
export function parseAskedIdentity(query: Readonly<Record<string, unknown>>): {
  readonly type: IdentityType;
  readonly identity: string;
} {
  const identity = parseText(query.identity_key, 'identity_key');
  const typeName = parseText(query.type, 'type');
  if (!identity) throw new ValueError('identity_key parameter is required');
  if (!typeName) throw new ValueError('type parameter is required');
  const type = IdentityTypeCodec.letter(typeName);
  if (type !== undefined) return { type, identity };
  throw new ValueError(
    `There is no identity type '${typeName}': use one of ${IdentityTypeCodec.names.join(', ')}`,
    { type: typeName },
  );
}

/** A user name with a password and an address, as headers carry them. Throws ValueError, InvalidObject. */
export function parsePasswordHeaders({ headers }: FastifyRequest): IdentityRequest {
  const {
    'x-rucio-username': identity,
    'x-rucio-password': password,
    'x-rucio-email': email,
  } = headers;
  if (identity && password && email) {
    return parseNewIdentity({ identity, password, email, authtype: 'USERPASS' });
  }
  throw new ValueError('X-Rucio-Username, X-Rucio-Password and X-Rucio-Email must be set');
}
