import type pg from 'pg';
import { type Lab, openLab } from '../lab.js';
import { measure } from '../measure.js';
import { type Path } from '../path.js';
import { furnish } from '../paths/fixtures.js';
import { describeMachine, type Result } from '../report.js';
import { runPath } from '../run-path.js';
import { furnishLake } from './furnish.js';
import { type Step } from './growth.js';
import { loadCatalogue } from './load.js';
import { scaled } from './paths.js';
import { type Shape } from './shape.js';
import { tableSizes, type TableSize } from './sizes.js';

/** One step's findings. */
export interface StepFindings extends Step {
  readonly machine: string;
  readonly sizes: readonly TableSize[];
}

export interface StepSpec {
  /** The catalogue has 10^scale files. */
  readonly scale: number;
  /** Which paths run, of those for every size and these. */
  readonly paths: readonly Path[];
  readonly chosen: (path: Path) => boolean;
  readonly repetitions?: number;
  readonly tell: (line: string) => void;
  readonly shown: (result: Result) => void;
}

/** Loads a catalogue into a laboratory of its own, runs the paths upon it, and takes it away. */
export async function runStep(spec: StepSpec): Promise<StepFindings> {
  const lab = await openLab();
  try {
    await furnish(lab);
    await furnishLake(lab.root);
    const machine = await describeMachine(lab);
    const { shape, result } = await load(lab, spec);
    const sizes = await tableSizes(lab.meters.watcher);
    const results = [result];
    spec.shown(result);
    for (const path of [...scaled(shape), ...spec.paths].filter(spec.chosen)) {
      await quiet(lab);
      const ran = await runPath({ ...lab, loaded: true }, path, spec.repetitions);
      results.push(ran);
      spec.shown(ran);
    }
    return { files: shape.files, machine, sizes, results };
  } finally {
    await lab.close();
  }
}

/** Loading is a path as well: its cost should be linear. */
async function load(
  lab: Lab,
  { scale, tell }: StepSpec,
): Promise<{ shape: Shape; result: Result }> {
  const files = 10 ** scale;
  let shape: Shape | undefined;
  const cost = await measure(
    async () => {
      shape = await loadCatalogue(lab.databaseUrl, files, tell);
    },
    { ...lab.meters, services: () => [process.pid] },
  );
  if (!shape) throw new Error('nothing was loaded');
  const path = {
    name: `load ${files.toLocaleString('en')} files`,
    series: 'load the catalogue',
    item: 'file',
    items: files,
  };
  const spread = [cost.wall, cost.wall] as const;
  const leastCpu = cost.node + cost.postgres;
  return { shape, result: { path, figures: [], runs: 1, cost, spread, leastCpu, floor: null } };
}

const QUIET_MS = { look: 250, atMost: 120_000 };

/** Waits until no vacuum runs, or its CPU would count as the next path's; not for ever. */
async function quiet({ meters: { watcher } }: Lab): Promise<void> {
  const deadline = performance.now() + QUIET_MS.atMost;
  while (performance.now() < deadline && (await isVacuuming(watcher))) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS.look));
  }
}

async function isVacuuming(watcher: pg.Client): Promise<boolean> {
  const { rowCount } = await watcher.query(
    `SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'`,
  );
  return (rowCount ?? 0) > 0;
}
