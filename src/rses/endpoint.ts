import { type RseProtocol } from './protocol.sql.js';
import { type Rse } from './rse.sql.js';

/** What a storage driver needs to know of one protocol of an RSE: values only. */
export interface Endpoint {
  rse: string;
  scheme: string;
  hostname: string;
  port: number;
  prefix: string;
  impl: string;
  extendedAttributes: Record<string, unknown>;
}

/** Set on endpoints of RSEs that trust our storage tokens (RSE attribute `sign_url`). */
export const TRUSTS_OUR_TOKENS = 'trusts_our_tokens';

/** The endpoint that a protocol of an RSE describes. */
export const endpointOf = (rse: Rse, protocol: RseProtocol): Endpoint => ({
  rse: rse.name,
  scheme: protocol.scheme,
  hostname: protocol.hostname,
  port: protocol.port,
  prefix: protocol.prefix,
  impl: protocol.impl,
  extendedAttributes: {
    ...protocol.extendedAttributes,
    [TRUSTS_OUR_TOKENS]: rse.attributes['sign_url'] !== undefined,
  },
});
