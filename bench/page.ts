import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillPart, partOf, table, tablesOf } from './markdown.js';
import { type Figure } from './path.js';
import { type Result } from './report.js';

const PAGE = join(import.meta.dirname, '../docs/performance.md');

const COSTS = [
  'Path',
  'CPU',
  'promised',
  'Node',
  'PostgreSQL',
  'wall',
  'spread',
  '× floor',
  'promised',
  'longest transaction',
  'a second',
];
const FIGURES = ['Figure', 'measured', 'promised'];

/** The parts of the page, and whose figures stand in them. */
const PARTS = [
  { name: 'npm run bench -- --write', holds: (path: string) => !path.startsWith('at scale') },
  {
    name: "npm run bench -- --only 'at scale' --write",
    holds: (path: string) => path.startsWith('at scale'),
  },
] as const;

/**
 * Puts the figures of a run into docs/performance.md, in the place of those that stand there. A run of
 * `all` paths leaves none of the old ones; of some, those of the others.
 */
export function writePage(
  machine: string,
  results: readonly Result[],
  { all }: { readonly all: boolean },
): string {
  for (const { name, holds } of PARTS) {
    const own = results.filter(({ path }) => holds(path.name));
    if (own.length === 0) continue;
    const [costs = [], figures = []] = all
      ? []
      : tablesOf(partOf(readFileSync(PAGE, 'utf8'), name));
    const newFigures = own.flatMap(({ path, figures: some }) =>
      some.map((figure) => [`${path.name}: ${figure.name}`, measured(figure), promised(figure)]),
    );
    fillPart(
      PAGE,
      name,
      [
        machine,
        table(COSTS, merged(costs, own.map(costRow))),
        table(FIGURES, merged(figures, newFigures)),
      ].join('\n\n'),
    );
  }
  return PAGE;
}

/** Rows of the same first cell take the place of the old ones; others come behind them. */
function merged(old: readonly string[][], fresh: readonly string[][]): string[][] {
  const byName = new Map(old.map((row) => [row[0], row]));
  for (const row of fresh) byName.set(row[0], row);
  return [...byName.values()];
}

function costRow({ path, cost, spread, floor }: Result): string[] {
  const micros = (ms: number) => shown((ms * 1000) / path.items);
  return [
    `${path.name}, a ${path.item}`,
    micros(cost.node + cost.postgres),
    atMost(path.targetCpu),
    micros(cost.node),
    micros(cost.postgres),
    micros(cost.wall),
    `${micros(spread[0])}–${micros(spread[1])}`,
    floor === null ? '' : (cost.wall / floor.wall).toFixed(2),
    atMost(path.targetRatio),
    `${cost.transaction.toFixed(0)} ms${path.targetTransaction === undefined ? '' : ` (≤ ${path.targetTransaction})`}`,
    Math.round((path.items * 1000) / cost.wall).toLocaleString('en') +
      (path.targetRate === undefined ? '' : ` (≥ ${path.targetRate.toLocaleString('en')})`),
  ];
}

const atMost = (target: number | undefined): string => (target === undefined ? '' : `≤ ${target}`);

/** Three figures are all that such a run is worth. */
const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);

const measured = ({ value, unit }: Figure): string => `${shown(value)} ${unit}`;

const promised = ({ atMost, atLeast, unit }: Figure): string =>
  atMost !== undefined
    ? `≤ ${atMost} ${unit}`
    : atLeast !== undefined
      ? `≥ ${atLeast} ${unit}`
      : '';
