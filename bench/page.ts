import { join } from 'node:path';
import { fillPart, table } from './markdown.js';
import { type Figure } from './path.js';
import { type Result } from './report.js';

const PAGE = join(import.meta.dirname, '../docs/performance.md');

/** Puts the figures of a run into docs/performance.md, in the place of those that stand there. */
export function writePage(machine: string, results: readonly Result[]): string {
  const figures = results.flatMap(({ path, figures }) =>
    figures.map((figure) => [`${path.name}: ${figure.name}`, measured(figure), promised(figure)]),
  );
  const costs = table(
    [
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
    ],
    results.map(costRow),
  );
  fillPart(
    PAGE,
    'npm run bench -- --write',
    [machine, costs, table(['Figure', 'measured', 'promised'], figures)].join('\n\n'),
  );
  return PAGE;
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
