import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { isRoot } from '../site/authority.js';
import { run, succeeds, tell } from './programs.js';

/** The storage servers that nobody here wrote, as Debian packages them. */
const PACKAGES = [
  'xrootd-server',
  'xrootd-server-plugins',
  'xrootd-plugins',
  'xrootd-scitokens-plugins',
  'rclone',
  'nginx',
  'libnginx-mod-http-dav-ext',
  'apache2',
  'ca-certificates',
  'openssl',
];

const SERVICES = ['nginx', 'apache2'];
const POLICY = '/usr/sbin/policy-rc.d';

const isInstalled = (name: string): boolean =>
  succeeds('sh', '-c', `dpkg-query -W -f '\${Status}' ${name} 2>&1 | grep -q 'ok installed'`);

/** Installs the storage servers that are missing, as `installPackages` does. */
export const installServers = (): string | undefined => installPackages(PACKAGES);

/**
 * Installs what is missing, if we are root; its services are not started. Gives what is missing
 * after that, and why, or undefined.
 */
export function installPackages(packages: readonly string[]): string | undefined {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  const names = missing.join(' ');
  if (!succeeds('apt-get', '--version')) return `no Debian, and not here: ${names}`;
  if (!isRoot()) return `only root can install ${names}`;
  tell(`Installing ${names}`);
  withoutStarting(() => {
    run('apt-get', ['update', '-qq']);
    const quietly = ['-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0'];
    run('apt-get', ['install', ...quietly, ...missing], { DEBIAN_FRONTEND: 'noninteractive' });
  });
  if (existsSync('/run/systemd/system')) {
    for (const service of SERVICES.filter((name) => missing.includes(name))) {
      run('systemctl', ['disable', '--quiet', service]);
    }
  }
  return undefined;
}

/** Debian asks this program whether an installed service may be started; containers have one that says no. */
function withoutStarting(install: () => void): void {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(POLICY);
  }
}
