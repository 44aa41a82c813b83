import { execute, type Tx } from '../db/index.js';
import { UnsupportedOperation } from '../errors/index.js';
import { type DidName, DidType } from '../vocabulary/index.js';
import { type Did, nameOf } from './did.js';
import { writeEventsBelow, writeOpen } from './did.sql.js';
import { findDid } from './find-dids.js';
import { tellStatus } from './told.sql.js';

/**
 * Opens or closes a dataset or container, and tells so. Closing waits for every attach that is under
 * way, and counts its events. Gives the DID as it was. Throws
 * DataIdentifierNotFound, UnsupportedOperation (a file, or in that state already).
 */
export async function setOpen(tx: Tx, name: DidName, open: boolean, now: Date): Promise<Did> {
  const did = await findDid(tx, name);
  if (did.type === DidType.FILE) {
    throw new UnsupportedOperation(`'${nameOf(name)}' is a file: it is neither open nor closed`);
  }
  if (await writeOpen(tx, did.id, open, now)) {
    // By a statement of its own: it sees what those attached that the closing waited for.
    if (!open) await writeEventsBelow(tx, did.id);
    await execute(tx, tellStatus(did.id, open));
    return did;
  }
  throw new UnsupportedOperation(
    `The collection '${nameOf(name)}' is ${open ? 'open' : 'closed'} already`,
    { scope: did.scope, name: did.name },
  );
}
