import { type Path } from '../path.js';
import { report } from '../report.js';
import { growthOf, reportGrowth } from './growth.js';
import { type Findings, needTable, sizeTable, writePage } from './page.js';
import { runStep, type StepFindings } from './run-step.js';

export interface StepsSpec {
  /** Powers of ten, rising. */
  readonly scales: readonly number[];
  readonly paths: readonly Path[];
  readonly chosen: (path: Path) => boolean;
  readonly repetitions: number | undefined;
  /** A page whose measured part is replaced. */
  readonly page: string | undefined;
}

const [LEAST, MOST] = [5, 8];

/** Runs the steps one after the other, showing each path as it ends, and how its cost grew. */
export async function runSteps(spec: StepsSpec): Promise<Findings> {
  const { scales, page, ...rest } = spec;
  if (scales.some((scale) => !Number.isInteger(scale) || scale < LEAST || scale > MOST)) {
    throw new RangeError(`a catalogue has 10^${LEAST} to 10^${MOST} files`);
  }
  const started = performance.now();
  const tell = (line: string) =>
    console.log(`[${((performance.now() - started) / 1000).toFixed(0)} s] ${line}`);
  const steps: StepFindings[] = [];
  for (const scale of scales) {
    tell(`loading 10^${scale} files`);
    steps.push(
      await runStep({ ...rest, scale, tell, shown: (result) => tell(`\n${report([result])}`) }),
    );
  }
  const last = steps.at(-1);
  if (!last) throw new RangeError('no steps');
  const { machine, sizes } = last;
  const findings = { machine, steps, sizes, growth: growthOf(steps) };
  for (const { files, results } of steps) {
    console.log(`\nUpon ${files.toLocaleString('en')} files\n${report(results)}`);
  }
  if (steps.length > 1) console.log(`\n${reportGrowth(findings.growth)}`);
  console.log(`\n${sizeTable(sizes)}\n\n${needTable(sizes)}\n\n${machine}`);
  if (page !== undefined) writePage(page, findings);
  return findings;
}
