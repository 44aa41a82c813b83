import { type Tx } from '../db/index.js';
import { Duplicate } from '../errors/index.js';
import { upsertRseAttributes } from './attribute.sql.js';
import { type Rse, insertRse, type RseTraits } from './rse.sql.js';
import { findRse } from './find-rse.js';
import { mirroredAttributes } from './mirrored-attributes.js';

/**
 * Adds a storage element. Its name becomes an attribute, so that it can be named in expressions, and
 * its place and network are mirrored as attributes. Throws Duplicate, also for a deleted name:
 * history still speaks of that one.
 */
export async function addRse(tx: Tx, name: string, traits: RseTraits): Promise<Rse> {
  const id = await insertRse(tx, name, traits);
  if (id === undefined) {
    throw new Duplicate(`RSE '${name}' already exists! A deleted one can be restored`, {
      rse: name,
    });
  }
  await upsertRseAttributes(tx, id, { [name]: 'true', ...mirroredAttributes(traits).set });
  return await findRse(tx, name);
}
