import { type StorageDriver, type StorageRegistry } from '../../protocols/index.js';
import { chooseProtocols, endpointOf, protocolsOf, type Rse } from '../../rses/index.js';
import { type Shift } from '../runtime/index.js';

/** What deletes at an RSE, or undefined (and a warning) where nothing does. `signal` ends all its calls. */
export async function driverFor(
  shift: Shift,
  rse: Rse,
  storages: StorageRegistry,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StorageDriver | undefined> {
  const protocols = await shift.db.read((tx) => protocolsOf(tx, [rse.id]));
  const protocol = (['wan', 'lan'] as const)
    .flatMap((domain) =>
      chooseProtocols(protocols.get(rse.id) ?? [], { domain, operation: 'delete' }),
    )
    .find((each) => storages.supports(each));
  if (!protocol) {
    shift.log.warn({ rse: rse.name }, 'copies are due at an RSE without a protocol for deleting');
    return undefined;
  }
  return storages.driver(endpointOf(rse, protocol), options);
}
