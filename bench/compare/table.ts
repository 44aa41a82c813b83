import { table } from '../markdown.js';
import { microseconds, type PathResult, type Repetition, type ServerRun } from './results.js';

/** Linux counts in hundredths of a second for each process: less CPU than this is a rough figure. */
const ROUGH_BELOW_SECONDS = 0.1;

const HEAD = [
  ...['Path', 'Sluice: CPU', 'Rucio: CPU', 'Rucio ÷ Sluice', 'Sluice: wall', 'Rucio: wall'],
  ...['Client at Sluice', 'Client at Rucio'],
];

/**
 * Both servers beside each other, Markdown: µs an item. Throws when they were not measured alike.
 */
export function compare(sluice: ServerRun, rucio: ServerRun): string {
  demandAlike(sluice, rucio);
  const lines = Object.entries(sluice.paths).map(([name, ours]) =>
    row(name, ours, pathOf(rucio, name)),
  );
  return [
    describe(sluice, rucio),
    table(HEAD, lines),
    memory(sluice, rucio),
    [sluice, rucio].map(idle).join(' '),
  ].join('\n\n');
}

function demandAlike(sluice: ServerRun, rucio: ServerRun): void {
  const size = ({ sizes, client }: ServerRun) => JSON.stringify([sizes, client]);
  const names = ({ paths }: ServerRun) => Object.keys(paths).join();
  if (size(sluice) !== size(rucio) || names(sluice) !== names(rucio)) {
    throw new Error(
      `not measured alike: ${size(sluice)} ${names(sluice)}; ${size(rucio)} ${names(rucio)}`,
    );
  }
}

function pathOf({ paths, name: server }: ServerRun, name: string): PathResult {
  const path = paths[name];
  if (!path) throw new Error(`${server} has no ${name}`);
  return path;
}

const cpu = ({ cpu }: Repetition) => cpu;
const wall = ({ wall }: Repetition) => wall;
const client = ({ client }: Repetition) => client;

function row(name: string, ours: PathResult, theirs: PathResult): string[] {
  const ratio = microseconds(theirs, cpu).median / microseconds(ours, cpu).median;
  const rough = [ours, theirs].map(roughly).find(Boolean) ?? '';
  const median = (path: PathResult, value: (each: Repetition) => number) =>
    figure(microseconds(path, value).median);
  return [
    `${name} (a ${ours.item})`,
    ...[ours, theirs].map(withSpread),
    Number.isFinite(ratio) ? `${rough}${figure(ratio)}` : '–',
    ...[ours, theirs].map((path) => (hasStarts(path) ? '–' : median(path, wall))),
    ...[ours, theirs].map((path) => median(path, client)),
  ];
}

/** Somebody waited for programs to start, which in production run: no wall time to compare. */
const hasStarts = ({ repetitions }: PathResult) => repetitions.some(({ starting }) => starting > 0);

const roughly = ({ items, ...path }: PathResult): string =>
  (microseconds({ items, ...path }, cpu).median * items) / 1e6 < ROUGH_BELOW_SECONDS ? '~' : '';

function withSpread(path: PathResult): string {
  const { median, least, most } = microseconds(path, cpu);
  return `${roughly(path)}${figure(median)} (${figure(least)}–${figure(most)})`;
}

const figure = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 20 ? 1 : 0 });

function memory(...runs: readonly ServerRun[]): string {
  const lines = runs.flatMap(({ name, memory: { idle, after } }) => [
    ...Object.keys(idle).map((part) => [
      `${title(name)}: ${part}`,
      figure(idle[part] ?? 0),
      figure(after[part] ?? 0),
    ]),
    [`${title(name)}, all`, figure(sum(idle)), figure(sum(after))],
  ]);
  return table(['Memory (PSS, MiB)', 'Idle', 'After all paths'], lines);
}

const sum = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((total, part) => total + part, 0);

const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function idle({ name, idleShare, starting }: ServerRun): string {
  const starts = Object.entries(starting).map(([daemon, s]) => `${daemon} ${s.toFixed(1)} s`);
  const idling = `Without any work ${title(name)} uses ${(idleShare * 1000).toFixed(1)} ms of CPU a second.`;
  return starts.length === 0 ? idling : `${idling} Left out, a start of ${starts.join(', ')}.`;
}

function describe(sluice: ServerRun, rucio: ServerRun): string {
  const { files, calls, repetitions } = sluice.sizes;
  const of = ({ name, date, version, database, load, machine }: ServerRun) =>
    `- ${title(name)} ${version}, ${date}: ${database}; ${machine}; load ${load.toFixed(1)} at the beginning`;
  return [
    of(sluice),
    of(rucio),
    `- rucio-clients ${sluice.client}, Python ${sluice.python}; ${files.toLocaleString('en')} files a repetition,` +
      ` ${repetitions} repetitions, ${calls} calls where single calls are measured`,
  ].join('\n');
}
