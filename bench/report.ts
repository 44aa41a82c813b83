import { cpus } from 'node:os';
import { only, sql } from '../src/db/index.js';
import { type Lab, memoryOfMachine } from './lab.js';
import { type Cost } from './measure.js';
import { type Figure, type Path } from './path.js';

/** A path's median run, and its floor's. */
export interface Result {
  readonly path: Pick<
    Path,
    | 'name'
    | 'series'
    | 'item'
    | 'items'
    | 'targetCpu'
    | 'targetRatio'
    | 'targetTransaction'
    | 'targetRate'
  >;
  readonly figures: readonly Figure[];
  readonly runs: number;
  readonly cost: Cost;
  /** CPU of Node and PostgreSQL in the cheapest run, ms: what a shared machine disturbed least. */
  readonly leastCpu: number;
  readonly spread: readonly [number, number];
  readonly floor: Cost | null;
}

const COLUMNS = ['wall', 'spread', 'Node', 'PG', 'CPU', 'floor', 'ratio', 'tx ms', 'items/s'];
const WIDTHS = [9, 15, 7, 7, 12, 8, 12, 12, 15];

/** A table: µs an item, and the longest transaction in ms; a target beside its figure as `≤`. */
export function report(results: readonly Result[]): string {
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(44) + cells.map((cell, at) => cell.padStart(WIDTHS[at] ?? 9)).join('');
  const lines = results.flatMap((r) => [line(label(r), cells(r)), ...r.figures.map(figureLine)]);
  return [line('µs an item', COLUMNS), ...lines].join('\n');
}

const figureLine = ({ name, value, unit, atMost, atLeast }: Figure): string =>
  `  ${name}: ${atLeast === undefined ? against(value, atMost, 1) : atLeastOf(value, atLeast)} ${unit}`;

const label = ({ path }: Result): string => `${path.name} (a ${path.item})`;

function cells({ path, cost, spread, floor }: Result): string[] {
  const micros = (ms: number) => ((ms * 1000) / path.items).toFixed(1);
  const cpu = ((cost.node + cost.postgres) * 1000) / path.items;
  const ratio = floor === null ? null : cost.wall / floor.wall;
  return [
    micros(cost.wall),
    `${micros(spread[0])}–${micros(spread[1])}`,
    micros(cost.node),
    micros(cost.postgres),
    against(cpu, path.targetCpu, 1),
    floor === null ? '' : micros(floor.wall),
    ratio === null ? '' : against(ratio, path.targetRatio, 2),
    against(cost.transaction, path.targetTransaction, 0),
    atLeastOf((path.items * 1000) / cost.wall, path.targetRate),
  ];
}

const against = (figure: number, target: number | undefined, digits: number): string =>
  figure.toFixed(digits) +
  (target === undefined ? '' : `${figure <= target ? ' ≤' : ' >'}${target}`);

const atLeastOf = (figure: number, target: number | undefined): string =>
  Math.round(figure).toString() +
  (target === undefined ? '' : `${figure >= target ? ' ≥' : ' <'}${target}`);

/** What the figures were taken on. */
export async function describeMachine({ db }: Lab): Promise<string> {
  const { version, buffers, fsync, autovacuum } = await db.read((tx) =>
    only<{ version: string; buffers: string; fsync: string; autovacuum: string }>(
      tx,
      sql`SELECT version() AS version, current_setting('shared_buffers') AS buffers,
                 current_setting('fsync') AS fsync, current_setting('autovacuum') AS autovacuum`,
    ),
  );
  const server = version.split(' on ')[0];
  return (
    `${cpus()[0]?.model.trim() || 'unknown processor'}, ${cpus().length} cores, ${memoryOfMachine()}; Node ${process.version}; ` +
    `${server}, shared_buffers ${buffers}, fsync ${fsync}, autovacuum ${autovacuum}`
  );
}
