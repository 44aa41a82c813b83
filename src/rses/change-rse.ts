import { ring, type Tx, violatedConstraint } from '../db/index.js';
import {
  Duplicate,
  RSEAttributeNotFound,
  RSENotFound,
  RSEOperationNotSupported,
} from '../errors/index.js';
import { Channel } from '../vocabulary/index.js';
import { deleteRseAttributes, upsertRseAttributes } from './attribute.sql.js';
import { mirroredAttributes } from './mirrored-attributes.js';
import {
  markRseDeleted,
  markRsesRestored,
  type Rse,
  type RseTraits,
  updateRseRow,
} from './rse.sql.js';

/** Changes what is given of a storage element; attributes that mirror it follow. Throws Duplicate. */
export async function changeRse(
  tx: Tx,
  rse: Rse,
  change: RseTraits & { readonly name?: string },
): Promise<void> {
  const { name, ...traits } = change;
  try {
    await updateRseRow(tx, rse.id, change);
  } catch (error) {
    if (violatedConstraint(error) !== 'rses_name_key') throw error;
    throw new Duplicate(`RSE '${name}' already exists!`, { rse: name });
  }
  const { set, unset } = mirroredAttributes(traits);
  const renamed = name !== undefined && name !== rse.name;
  await deleteRseAttributes(tx, rse.id, [...unset, ...(renamed ? [rse.name] : [])]);
  await upsertRseAttributes(tx, rse.id, { ...set, ...(renamed && { [name]: 'true' }) });
  await ring(tx, Channel.RSES);
}

/**
 * Deletes a storage element; expressions do not find it any more. Throws RSEOperationNotSupported
 * while it holds copies.
 */
export async function deleteRse(tx: Tx, rse: Rse): Promise<void> {
  if (!(await markRseDeleted(tx, rse.id))) {
    throw new RSEOperationNotSupported(`RSE '${rse.name}' is not empty`, { rse: rse.name });
  }
  await deleteRseAttributes(tx, rse.id, [rse.name]);
  await ring(tx, Channel.RSES);
}

/**
 * Brings a deleted storage element back with all that it had: attributes, protocols, limits,
 * distances, history. Throws RSENotFound where none of that name is deleted.
 */
export async function restoreRse(tx: Tx, name: string): Promise<void> {
  const [restored] = await markRsesRestored(tx, [name]);
  if (restored === undefined) {
    throw new RSENotFound(`No deleted RSE is called '${name}'`, { rse: name });
  }
  await upsertRseAttributes(tx, restored, { [name]: 'true' });
  await ring(tx, Channel.RSES);
}

/** Sets one attribute of a storage element. 'true' and 'false' of any case are booleans. */
export async function setRseAttribute(tx: Tx, rse: Rse, key: string, value: string): Promise<void> {
  const kept = /^(true|false)$/i.test(value) ? value.toLowerCase() : value;
  await upsertRseAttributes(tx, rse.id, { [key]: kept });
  await ring(tx, Channel.RSES);
}

/** Removes one attribute of a storage element. Throws RSEAttributeNotFound. */
export async function removeRseAttribute(tx: Tx, rse: Rse, key: string): Promise<void> {
  if ((await deleteRseAttributes(tx, rse.id, [key])) > 0) return await ring(tx, Channel.RSES);
  throw new RSEAttributeNotFound(`RSE '${rse.name}' has no attribute '${key}'`, {
    rse: rse.name,
    key,
  });
}
