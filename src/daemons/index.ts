/** The reconcile loops: judge, conveyor, reaper and their kin; `runtime/` runs them. */

import { type Config } from '../config/index.js';
import { type StorageRegistry } from '../protocols/index.js';
import { type DaemonName } from '../vocabulary/index.js';
import { abacus } from './abacus.js';
import { conveyorFinisher } from './conveyor/finisher.js';
import { Movements } from './conveyor/movements.js';
import { conveyorPoller } from './conveyor/poller.js';
import { conveyorSubmitter } from './conveyor/submitter.js';
import { transferWays } from './conveyor/transfer-ways.js';
import { doctor } from './doctor.js';
import { janitor } from './janitor.js';
import { atropos } from './atropos.js';
import { foreman } from './foreman.js';
import { hermes } from './hermes.js';
import { kronos } from './kronos.js';
import { judgeCleaner } from './judge/cleaner.js';
import { judgeDrifter } from './judge/drifter.js';
import { judgeEvaluator } from './judge/evaluator.js';
import { judgeInjector } from './judge/injector.js';
import { judgePhaser } from './judge/phaser.js';
import { judgeRepairer } from './judge/repairer.js';
import { necromancer } from './necromancer.js';
import { darkReaper } from './reaper/dark-reaper.js';
import { reaper } from './reaper/reaper.js';
import { rescuer } from './rescuer.js';
import { type Reconciler } from './runtime/index.js';
import { transmogrifier } from './transmogrifier.js';
import { undertaker } from './undertaker.js';
import { verifier } from './verifier.js';

export { parseRoles, type Reconciler, Runtime } from './runtime/index.js';

/** What the daemons need besides the database. */
export interface DaemonParts {
  readonly config: Config;
  readonly storages: StorageRegistry;
}

/** And what those of one process share. */
interface SharedParts extends DaemonParts {
  readonly movements: Movements;
}

/** Every daemon by name. A role without a daemon here cannot be started. */
const factories: Partial<Record<DaemonName, (parts: SharedParts) => Reconciler>> = {
  'judge-evaluator': ({ config }) => judgeEvaluator(config),
  'judge-injector': ({ config }) => judgeInjector(config),
  'judge-repairer': ({ config }) => judgeRepairer(config),
  'judge-cleaner': ({ config }) => judgeCleaner(config),
  'judge-drifter': ({ config }) => judgeDrifter(config),
  'judge-phaser': ({ config }) => judgePhaser(config),
  transmogrifier: ({ config }) => transmogrifier(config),
  foreman: ({ config }) => foreman(config),
  'conveyor-submitter': ({ config, movements }) => conveyorSubmitter(config, movements),
  'conveyor-poller': ({ config, movements }) => conveyorPoller(config, movements),
  'conveyor-finisher': ({ config }) => conveyorFinisher(config),
  reaper: ({ config, storages }) => reaper(config, storages),
  'dark-reaper': ({ config, storages }) => darkReaper(config, storages),
  undertaker: ({ config }) => undertaker(config),
  necromancer: ({ config }) => necromancer(config),
  verifier: ({ config, storages }) => verifier(config, storages),
  kronos: ({ config }) => kronos(config),
  atropos: ({ config }) => atropos(config),
  hermes: ({ config }) => hermes(config),
  abacus: () => abacus(),
  rescuer: ({ config }) => rescuer(config),
  doctor: ({ config }) => doctor(config),
  janitor: ({ config }) => janitor(config),
};

/** The reconcilers of the named daemons, in the order of the names. */
export function reconcilersOf(names: readonly DaemonName[], parts: DaemonParts): Reconciler[] {
  const { storages, config } = parts;
  const movements = new Movements((onFinished) => transferWays(storages, config, onFinished));
  return names.flatMap((name) => factories[name]?.({ ...parts, movements }) ?? []);
}
