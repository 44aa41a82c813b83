import { type StreamableFile } from '@nestjs/common';
import { type Database } from '../../db/index.js';
import { type Did, findDid } from '../../dids/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { streamRows } from '../wire/index.js';
import { mapRows } from './map-rows.js';

/** A listing about a DID that must be there, a line for each row. Throws DataIdentifierNotFound. */
export async function streamAbout<Row>(
  db: Database,
  name: DidName,
  rowsOf: (did: Did) => AsyncIterable<Row>,
  present: (row: Row) => object,
): Promise<StreamableFile> {
  const did = await db.read((tx) => findDid(tx, name));
  return await streamRows(mapRows(rowsOf(did), present));
}
