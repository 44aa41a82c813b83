import { fillPart, table } from '../markdown.js';
import { type Growth, type Step } from './growth.js';
import { bytesARow, needOf, type TableSize, WORKED_ON } from './sizes.js';

/** What the steps have shown. */
export interface Findings {
  readonly machine: string;
  readonly steps: readonly Step[];
  readonly growth: readonly Growth[];
  /** Of the largest step. */
  readonly sizes: readonly TableSize[];
}

const PART = 'npm run bench -- --steps … --page FILE';
const TARGETS = [1e8, 1e9];

const gib = (bytes: number): string => Math.round(bytes / 2 ** 30).toLocaleString('en');
const count = (n: number): string => Math.round(n).toLocaleString('en');

/** Bytes a row of every large table, as Markdown. */
export const sizeTable = (sizes: readonly TableSize[]): string =>
  table(
    ['Table', 'Rows', 'Heap, B a row', 'Indexes, B a row', 'Together'],
    sizes.map((size) => {
      const { heap, indexes } = bytesARow(size);
      const figures = [heap, indexes, heap + indexes].map((bytes) => bytes.toFixed(0));
      return [`\`${size.table}\``, count(size.rows), ...figures];
    }),
  );

/** Disk and memory that larger catalogues need, as Markdown. */
export const needTable = (sizes: readonly TableSize[]): string =>
  table(
    ['Replicas', 'Disk, GiB', 'of it indexes, GiB', 'Hot part, GiB'],
    TARGETS.map((replicas) => {
      const need = needOf(sizes, replicas);
      return [count(replicas), gib(need.diskBytes), gib(need.indexBytes), gib(need.hotBytes)];
    }),
  );

function costTable({ steps, growth }: Findings): string {
  const names = [...new Set(steps.flatMap(({ results }) => results.map(keyOf)))];
  const cpu = (step: Step, name: string) => {
    const found = step.results.find((result) => keyOf(result) === name);
    return found ? ((found.leastCpu * 1000) / found.path.items).toFixed(1) : '';
  };
  const exponents = (name: string) =>
    growth.filter(({ path }) => path === name).map(({ exponent }) => exponent.toFixed(2));
  return table(
    ['CPU, µs an item', ...steps.map(({ files }) => `${count(files)} files`), 'Exponents'],
    names.map((name) => [
      name,
      ...steps.map((step) => cpu(step, name)),
      exponents(name).join(', '),
    ]),
  );
}

const keyOf = ({ path }: Step['results'][number]): string => path.series ?? path.name;

/** The findings as a part of a page. */
export const pageOf = (findings: Findings): string => `${findings.machine}

${costTable(findings)}

${sizeTable(findings.sizes)}

${needTable(findings.sizes)}

Two copies and two locks a file, three files in ten with seven metadata keys, one in a hundred in the
queue, one in ten in the history. The hot part is the inner pages of all indexes and ${WORKED_ON * 100} % of
everything: what is registered, moved and deleted in a day.
`;

/** Puts the findings into a page, in the place of those that stand there. */
export const writePage = (file: string, findings: Findings): void =>
  fillPart(file, PART, pageOf(findings));
