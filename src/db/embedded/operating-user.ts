import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedDatabaseError } from './errors.js';

/** The user that PostgreSQL's processes run as. */
export interface OperatingUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether it is another one than ours: we are root, and PostgreSQL refuses to be. */
  readonly switched: boolean;
}

const run = promisify(execFile);

/**
 * What the programs we start may see of our environment: nothing. PGOPTIONS, LD_PRELOAD or a
 * locale of the person who happened to start us must not reach a database that outlives them.
 */
export const CHILD_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } as const;

const ACCOUNT = 'postgres';
const WAY_OUT = 'or give a PostgreSQL of your own as SLUICE_DATABASE__URL';

/**
 * Who runs PostgreSQL: as root the user `postgres`, made if it is missing; otherwise we ourselves.
 *
 * @throws {EmbeddedDatabaseError} where that user does not exist and cannot be made.
 */
export async function operatingUser(): Promise<OperatingUser> {
  if (!process.getuid || !process.getgid) {
    throw new EmbeddedDatabaseError(
      `The embedded PostgreSQL runs on Linux and macOS; give a PostgreSQL of your own as SLUICE_DATABASE__URL.`,
    );
  }
  const uid = process.getuid();
  if (uid === 0) return (await findAccount()) ?? (await makeAccount());
  return { name: nameOf(uid), uid, gid: process.getgid(), switched: false };
}

function nameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    throw new EmbeddedDatabaseError(
      `The user id ${uid} has no name on this system, and PostgreSQL does not run without one. Add a line for it to /etc/passwd, run as root or as a user with a name, ${WAY_OUT}.`,
    );
  }
}

async function findAccount(): Promise<OperatingUser | undefined> {
  try {
    // id asks the name service as well, where the user may be defined.
    const uid = await run('id', ['-u', ACCOUNT], { env: CHILD_ENVIRONMENT });
    const gid = await run('id', ['-g', ACCOUNT], { env: CHILD_ENVIRONMENT });
    return { name: ACCOUNT, uid: Number(uid.stdout), gid: Number(gid.stdout), switched: true };
  } catch {
    return undefined;
  }
}

/** The two families of tools: shadow (Debian, Red Hat) and busybox (Alpine). */
const WAYS_TO_MAKE_IT = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false', ACCOUNT],
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false', ACCOUNT],
] as const;

async function makeAccount(): Promise<OperatingUser> {
  const reasons: string[] = [];
  for (const [program, ...args] of WAYS_TO_MAKE_IT) {
    try {
      await run(program, args, { env: CHILD_ENVIRONMENT });
      const made = await findAccount();
      if (made) return made;
    } catch (error) {
      reasons.push((error as Error).message.trim());
    }
  }
  throw new EmbeddedDatabaseError(
    `PostgreSQL does not run as root, and the user ${ACCOUNT} could not be made (${reasons.join('; ')}). Make that user, run Sluice as an ordinary user, ${WAY_OUT}.`,
  );
}

/**
 * The outermost directory on the way to `path` (the path included) that `user` may not pass, or
 * undefined. Looks at owner, group and mode; access lists only ever make it more careful.
 */
export async function unreachable(path: string, user: OperatingUser): Promise<string | undefined> {
  const above = dirname(path);
  const wall = above === path ? undefined : await unreachable(above, user);
  if (wall !== undefined) return wall;
  const { uid, gid, mode } = await stat(path);
  const pass = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & pass) === 0 ? path : undefined;
}
