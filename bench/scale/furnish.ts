import { type RestClient } from '../../src/demo/rest-client.js';
import { addRse } from '../paths/fixtures.js';
import { LAKE_RSES, STREAMS } from './shape.js';

/** Scopes and storage elements of the catalogue that `loadCatalogue` fills. */
export async function furnishLake(root: RestClient): Promise<void> {
  for (const { scope } of STREAMS) await root.text('POST', `/accounts/root/scopes/${scope}`);
  for (const rse of LAKE_RSES) await addRse(root, rse);
}
