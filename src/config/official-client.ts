import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './load-config.js';

/** What users of the official client have in their rucio.cfg. */
export interface OfficialClient {
  readonly url: string;
  readonly authUrl: string;
  readonly account: string | undefined;
  /** Undefined where they log in by anything but a password. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
  readonly caFile: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the file that the official client would: RUCIO_CONFIG, else etc/rucio.cfg of RUCIO_HOME, of
 * VIRTUAL_ENV or of /opt/rucio; RUCIO_ACCOUNT wins over what stands there. Undefined where there is
 * none, or none that names a service.
 *
 * @throws {ConfigurationError} where RUCIO_CONFIG names what cannot be read.
 */
export function readOfficialClient(environment: Environment): OfficialClient | undefined {
  const path = fileOf(environment);
  if (path === undefined) return undefined;
  const client = section(contentOf(path), 'client');
  const url = client.get('rucio_host');
  if (url === undefined) return undefined;
  const type = environment['RUCIO_AUTH_TYPE'] ?? client.get('auth_type') ?? 'userpass';
  const [username, password] = [client.get('username'), client.get('password')];
  const hasLogin = type === 'userpass' && username !== undefined && password !== undefined;
  return {
    url,
    authUrl: client.get('auth_host') ?? url,
    account: environment['RUCIO_ACCOUNT'] ?? client.get('account'),
    login: hasLogin ? { username, password } : undefined,
    caFile: client.get('ca_cert'),
  };
}

function fileOf(environment: Environment): string | undefined {
  const named = environment['RUCIO_CONFIG'];
  if (named) return named;
  const homes = [environment['RUCIO_HOME'], environment['VIRTUAL_ENV'], '/opt/rucio'];
  return homes
    .flatMap((home) => (home ? [join(home, 'etc', 'rucio.cfg')] : []))
    .find((path) => existsSync(path));
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError([`RUCIO_CONFIG: ${(error as Error).message}`]);
  }
}

/**
 * One section as Python's configparser has it: `key = value` or `key: value`, names in any case, `#`
 * and `;` begin a comment at the start of a line only (the usual readers of INI files also cut a
 * password at them), `%%` is a percent sign.
 */
function section(text: string, name: string): Map<string, string> {
  const found = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) inside = header === name;
    else if (inside && !/^[#;]/.test(line)) {
      const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
      if (key && value) found.set(key.toLowerCase(), value.replaceAll('%%', '%'));
    }
  }
  return found;
}
