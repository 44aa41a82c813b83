import { pathBelowPrefix, serverPath } from '../paths.js';
import { type CallOptions, type ProtocolEndpoint, type StorageEntry } from '../protocol.js';
import { failureOf } from './failures.js';
import { type DavEntry, parseMultistatus, PROPFIND_BODY } from './multistatus.js';
import { discard, isSuccess, text } from './send.js';
import { type Session } from './session.js';

/** A listing longer than this is no directory of ours (about 300 bytes an entry). */
const LISTING_MAX = 256 * 1024 * 1024;

/**
 * A directory and (depth 1) what is in it, or (depth 0) anything by itself; null where nothing is.
 * `directory` is below the endpoint's prefix. Throws StorageError.
 */
export async function propfind(
  session: Session,
  directory: string,
  depth: '0' | '1',
  options: CallOptions,
): Promise<StorageEntry[] | null> {
  const path = serverPath(session.endpoint, directory);
  const answer = await session.ask('PROPFIND', path, 'read', options, {
    text: PROPFIND_BODY,
    headers: { Depth: depth },
  });
  if (answer.status === 404) {
    await discard(answer);
    return null;
  }
  if (answer.status !== 207) throw await failureOf('PROPFIND', answer);
  const entries = parseMultistatus(await text(answer, LISTING_MAX));
  return entries.flatMap((entry) => entryOf(session.endpoint, entry));
}

function entryOf(endpoint: ProtocolEndpoint, entry: DavEntry): StorageEntry[] {
  const path = pathBelowPrefix(endpoint, entry.path);
  if (path === null) return [];
  const { directory, modifiedAt } = entry;
  const bytes = directory ? 0n : (entry.bytes ?? 0n);
  return [{ path, directory, bytes, adler32: null, md5: null, modifiedAt }];
}

/** Makes a directory of the server (prefix included) and those above it. Throws StorageError. */
export async function makeDirectory(
  session: Session,
  path: string,
  options: CallOptions,
): Promise<void> {
  const make = () => session.ask('MKCOL', path, 'create', options);
  let answer = await make();
  const above = path.slice(0, path.lastIndexOf('/'));
  if ((answer.status === 409 || answer.status === 404) && above !== '') {
    await discard(answer);
    await makeDirectory(session, above, options);
    answer = await make();
  }
  // 405: it stands there already (RFC 4918, section 9.3.1).
  if (!isSuccess(answer) && answer.status !== 405) throw await failureOf('MKCOL', answer);
  await discard(answer);
}
