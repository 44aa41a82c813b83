import { chmodSync, statSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The state directory holds what has to outlive the process and belongs to this machine: the
 * embedded cluster, the key file, a generated password.
 *
 * Nobody else may look into it: mode 0700. One exception: when root runs the embedded PostgreSQL,
 * the server works as the user `postgres` and has to pass through the directory to its data. Then
 * its group becomes that user's and its mode 0710: the server may pass, but not list; everybody
 * else may do neither. Secrets inside stay root's, mode 0600.
 */
const MARK = '.sluice-state';
const MARK_TEXT =
  'This directory belongs to Sluice. Its keys and its database are not to be edited.\n';

/** The directory cannot hold our state. The message says why and what would be right. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

/** `/var/lib/sluice` as root, else `$XDG_DATA_HOME/sluice` or `~/.local/share/sluice`. */
export function defaultStateDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  user: { uid: number; home: string } = { uid: process.getuid?.() ?? -1, home: homedir() },
): string {
  if (user.uid === 0) return '/var/lib/sluice';
  const shared = environment['XDG_DATA_HOME'];
  // The XDG specification says that a relative path there is to be ignored.
  const base = shared?.startsWith('/') ? shared : join(user.home, '.local', 'share');
  return join(base, 'sluice');
}

/**
 * Makes the state directory if it is missing and makes sure that it is ours and private.
 * Calling it again is harmless. A directory that holds other things is refused, so that a wrong
 * SLUICE_STATE never changes the mode of `/var/lib`.
 *
 * @throws {StateDirectoryError}
 */
export function prepareStateDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path, { mode: 0o700, recursive: true });
  } catch (error) {
    throw new StateDirectoryError(
      `The state directory ${path} cannot be made: ${(error as Error).message}. Set SLUICE_STATE to a directory that this user may write.`,
    );
  }
  const { uid, mode } = statSync(path);
  const own = process.getuid?.() ?? uid;
  if (uid !== own) {
    throw new StateDirectoryError(
      `The state directory ${path} belongs to the user id ${uid}, and Sluice runs as ${own}. Set SLUICE_STATE to a directory of this user, for example one below it that does not exist yet.`,
    );
  }
  claim(path);
  if ((mode & 0o067) !== 0) chmodSync(path, 0o700);
}

function claim(path: string): void {
  const entries = readdirSync(path);
  if (entries.includes(MARK)) return;
  // A fresh volume brings lost+found along.
  const strangers = entries.filter((name) => name !== 'lost+found');
  if (strangers.length > 0) {
    throw new StateDirectoryError(
      `${path} is no state directory of Sluice and is not empty (it holds ${strangers[0]}). Set SLUICE_STATE to an empty directory or to one that does not exist yet.`,
    );
  }
  writeFileSync(join(path, MARK), MARK_TEXT, { mode: 0o600 });
}
