import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareStateDirectory } from '../../config/index.js';
import { EmbeddedDatabaseError } from './errors.js';
import { unreachable, type OperatingUser } from './operating-user.js';

/** Where everything of one cluster lies. */
export interface Layout {
  /** `<state>/postgres`: ours; the operating user passes through. */
  readonly home: string;
  /** The cluster itself; belongs to the operating user. */
  readonly dataDir: string;
  /** Holds the unix socket; belongs to the operating user, mode 0700. */
  readonly socketDir: string;
  /** What PostgreSQL prints before its own log is open. */
  readonly startLog: string;
  /** Passwords, mode 0600, read by us alone. */
  readonly superuserPassword: string;
  readonly password: string;
}

/** A socket's file name is made of the port, even where nothing listens on it. */
export const PORT = 5432;
const SOCKET_NAME = `.s.PGSQL.${PORT}`;

/** sockaddr_un holds 108 bytes with the zero at the end (104 on macOS). */
const SOCKET_PATH_MAX_BYTES = process.platform === 'linux' ? 107 : 103;

/** The layout below a state directory given by its real path. Touches nothing. */
export function layoutOf(stateDir: string): Layout {
  const home = join(stateDir, 'postgres');
  return {
    home,
    dataDir: join(home, 'data'),
    socketDir: socketDirOf(home),
    startLog: join(home, 'start.log'),
    superuserPassword: join(home, 'superuser-password'),
    password: join(home, 'password'),
  };
}

function socketDirOf(home: string): string {
  const inside = join(home, 'run');
  if (Buffer.byteLength(join(inside, SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES) return inside;
  // Too deep for a socket's address. The hash makes every process find the same short place.
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 16);
  const uid = process.getuid?.() ?? 0;
  return uid === 0 && process.platform === 'linux'
    ? `/run/sluice-${hash}`
    : `/tmp/sluice-${uid}-${hash}`;
}

export const socketOf = (layout: Layout): string => join(layout.socketDir, SOCKET_NAME);

/**
 * Makes the directories. When root runs PostgreSQL as another user, that user gets the right to
 * pass through the state directory (group, mode 0710) and nothing else outside its own directories.
 *
 * @throws {EmbeddedDatabaseError} when the user cannot reach them, naming the directory in the way.
 */
export async function prepareLayout(stateDir: string, user: OperatingUser): Promise<Layout> {
  prepareStateDirectory(stateDir);
  const real = await realpath(stateDir);
  const layout = layoutOf(real);
  await mkdir(layout.home, { recursive: true, mode: 0o700 });
  if (user.switched) {
    for (const directory of [real, layout.home]) {
      await chown(directory, 0, user.gid);
      await chmod(directory, 0o710);
    }
    const wall = await unreachable(layout.home, user);
    if (wall !== undefined) {
      throw new EmbeddedDatabaseError(
        `PostgreSQL runs as the user ${user.name}, whom ${wall} does not let pass to ${real}. Set SLUICE_STATE to a directory outside ${wall}, such as /var/lib/sluice.`,
      );
    }
  }
  await prepareSocketDir(layout.socketDir, user);
  return layout;
}

/** In /tmp anybody may have been there before us: only a private directory of our user will do. */
async function prepareSocketDir(path: string, user: OperatingUser): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    await chown(path, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await lstat(path);
  const maker = process.getuid?.() ?? user.uid;
  if (!found.isDirectory() || (found.uid !== user.uid && found.uid !== maker)) {
    throw new EmbeddedDatabaseError(
      `${path} should be a directory of the user ${user.name} for PostgreSQL's socket, and is not. Remove it, or set SLUICE_STATE to a shorter path.`,
    );
  }
  // A crash between the two calls above may have left it to its maker.
  if (found.uid !== user.uid) await chown(path, user.uid, user.gid);
  if ((found.mode & 0o777) !== 0o700) await chmod(path, 0o700);
}
