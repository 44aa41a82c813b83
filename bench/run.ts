/*
 * `npm run bench [-- --only WORD] [--repetitions N] [--json FILE] [--write]`: the hot paths of the
 * service, its processes apart from this one, each beside its floor in the same run: the bare statement
 * into the same tables with all their indexes. Embedded PostgreSQL as delivered, fsync and autovacuum on.
 * `--steps 5,6,7 [--page FILE]`: the same upon a catalogue of 10^5, then 10^6, then 10^7 files, and
 * how the cost of every path grows with it. `--gib 0.5`: a smaller file for the stream.
 * `--only concurrency`: work shared by one, two and four writers or processes; nothing twice, no deadlock.
 * `--only 'at scale'`: rules over a million files, ten thousand datasets and files that are everywhere.
 * With `--only`, `--write` puts the figures of these paths into the page and leaves the others there.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openLab } from './lab.js';
import { writePage } from './page.js';
import { type Path } from './path.js';
import { catalogue } from './paths/catalogue.js';
import { concurrency } from './paths/concurrency.js';
import { conveyors } from './paths/conveyor.js';
import { dirac } from './paths/dirac.js';
import { furnish } from './paths/fixtures.js';
import { daemons } from './paths/daemons.js';
import { jobs } from './paths/jobs.js';
import { landscapes } from './paths/landscape.js';
import { listings } from './paths/listing.js';
import { loginPaths } from './paths/logins.js';
import { names } from './paths/names.js';
import { requests } from './paths/requests.js';
import { rules } from './paths/rules.js';
import { rulesAtScale } from './paths/rules-at-scale.js';
import { streamed } from './paths/stream.js';
import { upkeep } from './paths/upkeep.js';
import { wholeService } from './paths/service.js';
import { describeMachine, report, type Result } from './report.js';
import { runPath } from './run-path.js';
import { runSteps } from './scale/run-steps.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    steps: { type: 'string' },
    gib: { type: 'string', default: '4' },
    scale: { type: 'string' },
    repetitions: { type: 'string' },
    json: { type: 'string' },
    page: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const paths: readonly Path[] = [
  ...requests,
  ...loginPaths,
  ...catalogue,
  ...names,
  ...dirac,
  ...listings,
  ...rules,
  ...jobs,
  ...daemons,
  ...upkeep,
  // Minutes of starting processes: only for who asks for it.
  ...(options.only === undefined ? [] : concurrency),
  // Catalogues of a million files: only for who asks for them.
  ...(options.only === undefined ? [] : rulesAtScale),
  wholeService(),
  ...conveyors,
  // Last: so many storage elements are not what the others are about.
  ...landscapes,
  streamed(Number(options.gib)),
];
const repetitions = options.repetitions === undefined ? undefined : Number(options.repetitions);
const chosen = ({ name }: Path) => options.only === undefined || name.includes(options.only);
const scales = options.steps ?? options.scale;

const findings =
  scales === undefined
    ? await runOnce()
    : await runSteps({
        scales: scales.split(',').map(Number),
        // Without a word the paths of every size are enough: the others bring catalogues of their own.
        paths: options.only === undefined ? [] : paths,
        chosen,
        repetitions,
        page: options.page,
      });
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(findings, null, 1));

/** The paths upon a catalogue that is empty but for what they bring. */
async function runOnce() {
  const lab = await openLab();
  try {
    await furnish(lab);
    const machine = await describeMachine(lab);
    const results: Result[] = [];
    for (const path of paths.filter(chosen)) {
      const reason = path.unavailable?.();
      if (reason !== undefined) {
        console.log(`${path.name}: skipped, ${reason}`);
        continue;
      }
      try {
        results.push(await runPath(lab, path, repetitions));
      } catch (error) {
        // The figures of all other paths are worth having, the run is a failure nevertheless.
        console.error(`${path.name}: FAILED, ${String(error)}`);
        process.exitCode = 1;
        continue;
      }
      console.log(report(results.slice(-1)));
      if (options.write) writePage(machine, results, { all: options.only === undefined });
    }
    console.log(`\n${machine}\n${report(results)}`);
    return { machine, results };
  } finally {
    await lab.close();
  }
}
