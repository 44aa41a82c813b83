import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { identityFor, type Binaries } from './binaries.js';
import { EmbeddedDatabaseError } from './errors.js';
import { type Layout } from './layout.js';
import { CHILD_ENVIRONMENT, type OperatingUser } from './operating-user.js';
import { readOrMakePassword, readPassword } from './passwords.js';

const MAJOR_VERSION = '18';

/**
 * Makes the cluster if there is none and gives the superuser's password. A crash on the way leaves
 * a directory of another name, never half a cluster under the right one.
 *
 * @throws {EmbeddedDatabaseError} for a cluster of another version or with a lost password.
 */
export async function initialiseCluster(
  layout: Layout,
  binaries: Binaries,
  user: OperatingUser,
): Promise<string> {
  const version = await readFile(join(layout.dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) return makeCluster(layout, binaries, user);
  if (version.trim() !== MAJOR_VERSION) {
    throw new EmbeddedDatabaseError(
      `${layout.dataDir} was made by PostgreSQL ${version.trim()}, and this Sluice brings ${MAJOR_VERSION}. Move the data with pg_dump and pg_restore, or go back to the Sluice that made it.`,
    );
  }
  const password = await readPassword(layout.superuserPassword);
  if (password !== undefined) return password;
  throw new EmbeddedDatabaseError(
    `${layout.superuserPassword} is missing, and the cluster beside it does not open without. Restore the whole state directory from its backup.`,
  );
}

async function makeCluster(
  layout: Layout,
  binaries: Binaries,
  user: OperatingUser,
): Promise<string> {
  await removeUnfinished(layout);
  const password = await readOrMakePassword(layout.superuserPassword);
  const unfinished = `${layout.dataDir}.new-${process.pid}`;
  const passwordFile = `${unfinished}.password`;
  await mkdir(unfinished, { mode: 0o700 });
  await chown(unfinished, user.uid, user.gid);
  try {
    await writeFile(passwordFile, `${password.value}\n`, { mode: 0o600 });
    await chown(passwordFile, user.uid, user.gid);
    await initdb(binaries.initdb, unfinished, passwordFile, user);
    await rename(unfinished, layout.dataDir);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Two starts at once: the other one's cluster has the same password and is as good as ours.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
  return password.value;
}

/** The locale is PostgreSQL's own, so that an index made here reads the same on any other system. */
const LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

async function initdb(
  program: string,
  directory: string,
  passwordFile: string,
  user: OperatingUser,
): Promise<void> {
  const options = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const form = ['--encoding=UTF8', ...LOCALE, '--data-checksums', '--no-instructions'];
  try {
    await promisify(execFile)(program, [`--pgdata=${directory}`, ...options, ...form], {
      env: CHILD_ENVIRONMENT,
      cwd: '/',
      ...identityFor(user),
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new EmbeddedDatabaseError(`initdb failed: ${(stderr ?? '').trim() || message}`);
  }
}

/** What a start that was killed left behind, unless that start is still at work. */
async function removeUnfinished({ home, dataDir }: Layout): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = new RegExp(`^${basename(dataDir)}\\.new-(\\d+)(\\.password)?$`).exec(name)?.[1];
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    await rm(join(dirname(dataDir), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
