import { checks, doctorTerms, lookOver } from '../../src/doctor/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { type Shape } from './shape.js';

/** A look at the whole catalogue by every check, one after the other, as `sluice doctor` does. */
export function doctorRound(shape: Shape): Path {
  let found: string[] = [];
  const seconds = new Map<string, number>();
  const look = async ({ db, config }: Lab) => {
    found = [];
    const now = new Date();
    const terms = { ...doctorTerms(config, now), repair: false, clock: () => new Date() };
    for (const check of checks) {
      const began = performance.now();
      const report = await lookOver(db, check, terms);
      seconds.set(check.name, (performance.now() - began) / 1000);
      if (report.found > 0) found.push(`${check.name}: ${report.found} of ${report.seen}`);
    }
  };
  return {
    name: `doctor, one round over ${shape.files.toLocaleString('en')} files`,
    series: 'doctor, one round',
    item: 'file',
    items: shape.files,
    repetitions: 1,
    inProcess: true,
    // Its statements hold nothing, but a snapshot: vacuum waits for it.
    targetTransaction: 1000,
    run: look,
    figures() {
      if (found.length > 0) throw new Error(`a sound catalogue is not: ${found.join('; ')}`);
      const [slowest] = [...seconds].toSorted(([, a], [, b]) => b - a);
      const all = [...seconds.values()].reduce((sum, value) => sum + value, 0);
      return Promise.resolve([
        { name: `one round, ${checks.length} checks`, value: all, unit: 's' },
        { name: `the slowest, ${slowest?.[0] ?? ''}`, value: slowest?.[1] ?? 0, unit: 's' },
      ]);
    },
  };
}
