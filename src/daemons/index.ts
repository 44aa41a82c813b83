export { parseRoles, Runtime } from './runtime/index.js';
import { type Config } from '../config/index.js';
import { type StorageRegistry } from '../protocols/index.js';
import { type DaemonName } from '../vocabulary/index.js';
import { type Reconciler } from './runtime/index.js';

/** What the daemons need besides the database. */
export interface DaemonParts {
  readonly config: Config;
  readonly storages: StorageRegistry;
}

/** Every daemon by name. A role without a daemon here cannot be started. */
const factories: Partial<Record<DaemonName, (parts: DaemonParts) => Reconciler>> = {};

/** The reconcilers of the named daemons, in the order of the names. */
export function reconcilersOf(names: readonly DaemonName[], parts: DaemonParts): Reconciler[] {
  return names.flatMap((name) => factories[name]?.(parts) ?? []);
}
