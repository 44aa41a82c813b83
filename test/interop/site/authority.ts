import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, authorityOf, makeAuthority } from '../../../src/demo/certificates.js';
import { isAlive } from '../../support/service.js';

/** Who vouches for every server of a site. */
export interface SiteAuthority extends Authority {
  /** Whether this machine's programs believe it: XRootD fetches an issuer's keys by the system's bundle. */
  readonly trusted: boolean;
  /** Takes it out of the system's bundle, if `openAuthority` put it there. */
  close(): void;
}

const TRUST = '/usr/local/share/ca-certificates';
const BUNDLE = '/etc/ssl/certs';
const OURS = /^sluice-interop-(\d+)\.crt$/;

/**
 * The authority of this run of `test:interop`, which SLUICE_INTEROP_AUTHORITY names; without one an
 * authority of its own, trusted by this machine until `close` (or the end of this process) if we are
 * root.
 */
export async function openAuthority(): Promise<SiteAuthority> {
  const directory = process.env['SLUICE_INTEROP_AUTHORITY'];
  if (directory !== undefined) {
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    const authority = authorityOf({ certificate: read('ca.pem'), key: read('ca.key') });
    return { ...authority, trusted: isRoot(), close: () => undefined };
  }
  // Runs beside each other: OpenSSL looks an authority up by its name.
  const authority = await makeAuthority(`Sluice interop authority ${process.pid}`);
  if (!isRoot()) return { ...authority, trusted: false, close: () => undefined };
  return { ...authority, trusted: true, close: trust(authority.certificate) };
}

/** A name of its own: of two that the system believes under one name, OpenSSL would ask the wrong one. */
export const makeSiteAuthority = (): Promise<Authority> =>
  makeAuthority(`Sluice interop authority ${randomUUID()}`);

/** Only root may change whom the system trusts. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Lets this machine's programs believe an authority; gives what ends that. Those of runs that were
 * killed are removed on the way.
 */
export function trust(certificate: string): () => void {
  const name = `sluice-interop-${process.pid}.crt`;
  for (const left of readdirSync(TRUST)) {
    const pid = OURS.exec(left)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) forget(left);
  }
  writeFileSync(join(TRUST, name), certificate);
  const end = () => {
    process.removeListener('exit', end);
    forget(name);
    updateBundle();
  };
  process.once('exit', end);
  updateBundle();
  return end;
}

function forget(name: string): void {
  rmSync(join(TRUST, name), { force: true });
  rmSync(join(BUNDLE, name.replace(/crt$/, 'pem')), { force: true });
}

/** One at a time: specs may run beside each other. */
function updateBundle(): void {
  execFileSync('flock', [TRUST, 'update-ca-certificates'], { stdio: ['ignore', 'ignore', 'pipe'] });
}
