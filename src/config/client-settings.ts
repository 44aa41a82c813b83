import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type ConfigSources, loadConfig } from './load-config.js';
import { readOfficialClient } from './official-client.js';

/** What a verb of the command line was told about the service that it asks. */
export interface ClientFlags {
  readonly url?: string | undefined;
  readonly account?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** Where the service is, and as whom it is asked. */
export interface ClientSettings {
  /** Without a slash at its end. */
  readonly url: string;
  /** Where to log in, where that is another door. */
  readonly authUrl: string;
  readonly account: string | undefined;
  /** Undefined where nobody said who asks. */
  readonly login: Login | undefined;
  /** PEM. */
  readonly ca: string | undefined;
}

export type Login =
  { readonly token: string } | { readonly username: string; readonly password: string };

/**
 * Finds the service for the command line: flags win over SLUICE_CLIENT__… and the file that
 * SLUICE_CONFIG names, these over the official client's settings (RUCIO_CONFIG, rucio.cfg), these over
 * a Sluice of this machine, which its own user may ask as root. A password is sent only to the service
 * that it was written down for.
 *
 * @throws {ConfigurationError}
 */
export function clientSettings(
  flags: ClientFlags,
  sources: Pick<ConfigSources, 'environment' | 'file'> = {},
): ClientSettings {
  const { url, account, username, passwordFile, tokenFile } = flags;
  const config = loadConfig({
    ...sources,
    overrides: { client: { url, account, username, passwordFile, tokenFile } },
  });
  const given = config.client;
  const official = readOfficialClient(sources.environment ?? process.env);
  const own = config.server.publicUrl;
  const wanted = trimmed(given.url ?? official?.url ?? own);
  const isOfficial = official !== undefined && wanted === trimmed(official.url);
  const login = loginOf(config, flags) ?? (isOfficial ? official.login : undefined);
  const asRoot = login === undefined && wanted === trimmed(own) ? rootOf(config) : undefined;
  const caFile = given.caFile ?? (isOfficial ? official.caFile : undefined);
  return {
    url: wanted,
    authUrl: isOfficial ? trimmed(official.authUrl) : wanted,
    account: given.account ?? (isOfficial ? official.account : undefined) ?? (asRoot && 'root'),
    login: login ?? asRoot,
    ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
  };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

/** Whoever gives a password by a flag means it, whatever token the environment has. */
function loginOf({ client }: Config, flags: ClientFlags): Login | undefined {
  const { username, password, token } = client;
  const byName = flags.username !== undefined || flags.passwordFile !== undefined;
  if (token !== undefined && !byName) return { token };
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** Root's first identity, for the user whose state directory this is. */
function rootOf({ bootstrap, state }: Config): Login | undefined {
  const { username } = bootstrap;
  if (bootstrap.password !== undefined) return { username, password: bootstrap.password };
  try {
    return {
      username,
      password: readFileSync(join(state.directory, 'root-password'), 'utf8').trim(),
    };
  } catch {
    return undefined;
  }
}
