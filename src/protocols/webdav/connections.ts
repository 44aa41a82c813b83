import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { StorageCause } from '../../vocabulary/index.js';
import { type DriverOptions, type ProtocolEndpoint } from '../protocol.js';
import { StorageError } from '../storage-error.js';
import { lookupPublic } from './addresses.js';

/** The kept-alive connections to one host, and what was learnt about it. */
export interface Host {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** For requests that need a connection of their own. */
  readonly once: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly allowPrivate: boolean;
  /** Set once a PUT into a missing directory failed: this server wants MKCOL first. */
  wantsDirectories: boolean;
  /** Known after the first answer; some things are different with XRootD (tried with 5.5.3). */
  server: Server | 'unknown';
  /** The same of every origin that has answered: behind a door that redirects stands another server. */
  readonly servers: Map<string, Server>;
}

export type Server = 'xrootd' | 'other';

/** One set of agents for every host, certificate authority and address rule. */
export class Connections {
  readonly #hosts = new Map<string, Host>();

  /** The host of an endpoint. Throws TLS if `ca` is given and is no PEM text. */
  host(endpoint: ProtocolEndpoint, options: DriverOptions): Host {
    const ca = authorityOf(endpoint);
    const trust = ca === undefined ? '' : createHash('sha256').update(ca).digest('hex');
    const key = [endpoint.hostname, endpoint.port, options.allowPrivate, trust].join('|');
    let host = this.#hosts.get(key);
    if (host === undefined) this.#hosts.set(key, (host = openHost(ca, options.allowPrivate)));
    return host;
  }

  close(): void {
    for (const host of this.#hosts.values()) {
      for (const { http, https } of [host, host.once]) {
        http.destroy();
        https.destroy();
      }
    }
    this.#hosts.clear();
  }
}

function openHost(ca: string | undefined, allowPrivate: boolean): Host {
  const reach = allowPrivate ? {} : { lookup: lookupPublic };
  const trust = {
    // Made once: a context for each connection costs as much as the handshake.
    secureContext: trusting(ca),
    // Said aloud, because an environment variable can otherwise turn verification off.
    rejectUnauthorized: true,
  };
  const agents = (kept: { keepAlive: boolean; scheduling?: 'lifo' }) => ({
    http: new HttpAgent({ ...reach, ...kept }),
    https: new HttpsAgent({ ...reach, ...kept, ...trust }),
  });
  return {
    ...agents({ keepAlive: true, scheduling: 'lifo' }),
    once: agents({ keepAlive: false }),
    allowPrivate,
    wantsDirectories: false,
    server: 'unknown',
    servers: new Map(),
  };
}

function trusting(ca: string | undefined): SecureContext {
  try {
    return createSecureContext({ ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' });
  } catch (error) {
    const message = `extended_attributes.ca cannot be read: ${String(error)}`;
    throw new StorageError(StorageCause.TLS, message, { cause: error });
  }
}

function authorityOf(endpoint: ProtocolEndpoint): string | undefined {
  const ca = endpoint.extendedAttributes['ca'];
  if (ca === undefined || ca === null) return undefined;
  if (typeof ca === 'string' && ca.includes('-----BEGIN CERTIFICATE-----')) return ca;
  throw new StorageError(
    StorageCause.TLS,
    `${endpoint.rse}: extended_attributes.ca is no PEM certificate`,
  );
}
