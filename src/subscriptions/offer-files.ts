import { ring, type Tx } from '../db/index.js';
import { type Meta } from '../metadata/index.js';
import { Channel, type DidName } from '../vocabulary/index.js';
import { filesAreWanted } from './subscription.sql.js';

/**
 * Files that are about to be registered, marked as new where a standing subscription asks for files:
 * usually none does, and files are registered by the thousand. One read a registration.
 */
export async function offerFiles<File extends DidName & { readonly meta?: Meta }>(
  tx: Tx,
  files: readonly File[],
): Promise<readonly File[]> {
  if (files.length === 0 || !(await filesAreWanted(tx))) return files;
  await ring(tx, Channel.NEW_DIDS);
  return files.map((file) => ({ ...file, meta: { ...file.meta, is_new: true } }));
}
