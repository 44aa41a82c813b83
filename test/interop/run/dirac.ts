import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from './packages.js';
import { CACHE, INTEROP, run, succeeds, tell } from './programs.js';

/** M2Crypto, which DIRAC imports, is published as source. */
const BUILT_WITH = ['swig', 'libssl-dev', 'python3-dev', 'gcc'];

/**
 * The Python of an environment with DIRAC, which depends on far more than its catalogue client uses:
 * only that is installed. Gives why it cannot be had instead, if so.
 */
export function prepareDirac(): { python: string } | { missing: string } {
  const pins = join(INTEROP, 'requirements-dirac.txt');
  const version = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 12);
  const venv = join(CACHE, `dirac-${version}`);
  const python = join(venv, 'bin/python');
  if (existsSync(join(venv, 'installed'))) return { python };
  if (!succeeds('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))')) {
    return { missing: 'DIRAC 9.1 wants Python 3.11' };
  }
  const missing = installPackages(BUILT_WITH);
  if (missing !== undefined) return { missing };
  tell('Installing DIRAC');
  run('python3', ['-m', 'venv', '--clear', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', pins]);
  writeFileSync(join(venv, 'installed'), '');
  return { python };
}
