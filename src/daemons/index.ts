import { type Config } from '../config/index.js';
import { type StorageRegistry } from '../protocols/index.js';
import { type DaemonName } from '../vocabulary/index.js';
import { abacus } from './abacus.js';
import { conveyorFinisher } from './conveyor/finisher.js';
import { janitor } from './janitor.js';
import { judgeCleaner } from './judge/cleaner.js';
import { judgeEvaluator } from './judge/evaluator.js';
import { judgeInjector } from './judge/injector.js';
import { judgeRepairer } from './judge/repairer.js';
import { necromancer } from './necromancer.js';
import { rescuer } from './rescuer.js';
import { type Reconciler } from './runtime/index.js';

export { parseRoles, type Reconciler, Runtime } from './runtime/index.js';

/** What the daemons need besides the database. */
export interface DaemonParts {
  readonly config: Config;
  readonly storages: StorageRegistry;
}

/** Every daemon by name. A role without a daemon here cannot be started. */
const factories: Partial<Record<DaemonName, (parts: DaemonParts) => Reconciler>> = {
  'judge-evaluator': ({ config }) => judgeEvaluator(config),
  'judge-injector': ({ config }) => judgeInjector(config),
  'judge-repairer': ({ config }) => judgeRepairer(config),
  'judge-cleaner': ({ config }) => judgeCleaner(config),
  'conveyor-finisher': ({ config }) => conveyorFinisher(config),
  necromancer: () => necromancer(),
  abacus: () => abacus(),
  rescuer: ({ config }) => rescuer(config),
  janitor: ({ config }) => janitor(config),
};

/** The reconcilers of the named daemons, in the order of the names. */
export function reconcilersOf(names: readonly DaemonName[], parts: DaemonParts): Reconciler[] {
  return names.flatMap((name) => factories[name]?.(parts) ?? []);
}
