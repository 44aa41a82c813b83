import { type Result } from '../report.js';

/** What one path cost at one size of the catalogue. */
export interface Step {
  /** Files in the catalogue. */
  readonly files: number;
  readonly results: readonly Result[];
}

/** How a path's cost grows from one size of the catalogue to the next. */
export interface Growth {
  readonly path: string;
  /** Catalogue of the larger step, files. */
  readonly files: number;
  /** CPU µs an item at both. */
  readonly micros: readonly [number, number];
  readonly exponent: number;
  /** The same items at both sizes, so that 0 is flat; otherwise the work grew, and 1 is linear. */
  readonly constant: boolean;
  readonly tooFast: boolean;
}

/** Above log growth for a constant batch: ln(7)/ln(6) of a decade is 0.07, and the meters scatter. */
const FLAT_AT_MOST = 0.1;
/** Work over the whole catalogue may grow by n log n. */
const LINEAR_AT_MOST = 1.1;

const keyOf = ({ path }: Result): string => path.series ?? path.name;
const cpuOf = ({ leastCpu }: Result): number => leastCpu;

/** Exponents of every path from each step to the next: log(cost₂ / cost₁) / log(n₂ / n₁). */
export function growthOf(steps: readonly Step[]): Growth[] {
  return steps.slice(1).flatMap((step, at) => {
    const before = steps[at];
    return step.results.flatMap((result) => {
      const earlier = before?.results.find((other) => keyOf(other) === keyOf(result));
      return before && earlier ? [grown({ before, step }, earlier, result)] : [];
    });
  });
}

function grown(
  { before, step }: { before: Step; step: Step },
  earlier: Result,
  later: Result,
): Growth {
  const constant = earlier.path.items === later.path.items;
  const sizes = constant ? step.files / before.files : later.path.items / earlier.path.items;
  const exponent = Math.log(cpuOf(later) / cpuOf(earlier)) / Math.log(sizes);
  const micros = (result: Result) => (cpuOf(result) * 1000) / result.path.items;
  return {
    path: keyOf(later),
    files: step.files,
    micros: [micros(earlier), micros(later)],
    exponent,
    constant,
    tooFast: exponent > (constant ? FLAT_AT_MOST : LINEAR_AT_MOST),
  };
}

/** One line a path and step; `GROWS` where it is more than log growth gives. */
export function reportGrowth(growth: readonly Growth[]): string {
  return [
    'Growth of CPU from step to step (the same batch: 0 is flat; work that grew with it: 1 is linear)',
    ...growth.map(({ path, files, micros: [from, to], exponent, constant, tooFast }) =>
      [
        path.padEnd(46),
        `at ${files.toLocaleString('en')} files:`.padEnd(22),
        `${from.toFixed(1)} → ${to.toFixed(1)} µs`.padEnd(22),
        `exponent ${exponent.toFixed(2)} of ${constant ? FLAT_AT_MOST : LINEAR_AT_MOST}`,
        tooFast ? ' GROWS' : '',
      ].join(' '),
    ),
  ].join('\n');
}
