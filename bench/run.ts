/*
 * `npm run bench [-- --only WORD] [--scale 5|6] [--repetitions N] [--json FILE]`: the hot paths of the
 * service, its processes apart from this one, each beside its floor in the same run: the bare statement
 * into the same tables with all their indexes. Embedded PostgreSQL as delivered, fsync and autovacuum on.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openLab, type Lab } from './lab.js';
import { type Cost, measure, median, type Meters } from './measure.js';
import { type Path } from './path.js';
import { catalogue } from './paths/catalogue.js';
import { furnish } from './paths/fixtures.js';
import { daemons } from './paths/daemons.js';
import { listings } from './paths/listing.js';
import { requests } from './paths/requests.js';
import { rules } from './paths/rules.js';
import { describeMachine, report, type Result } from './report.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    scale: { type: 'string', default: '5' },
    repetitions: { type: 'string' },
    json: { type: 'string' },
  },
});

const scale = Number(options.scale);
const paths = [...requests, ...catalogue, ...listings, ...rules(scale), ...daemons(scale)].filter(
  ({ name }) => options.only === undefined || name.includes(options.only),
);

const lab = await openLab();
try {
  await furnish(lab);
  const machine = await describeMachine(lab);
  const results: Result[] = [];
  for (const path of paths) {
    results.push(await run(lab, path));
    console.log(report(results.slice(-1)));
  }
  console.log(`\n${machine}\n${report(results)}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, JSON.stringify({ machine, results }, null, 1));
  }
} finally {
  await lab.close();
}

/** Whose CPU is Sluice's on this path. */
function metersOf({ meters }: Lab, { inProcess }: Path): Meters {
  if (inProcess !== true) return meters;
  return { ...meters, services: () => [...meters.services(), process.pid] };
}

async function run(lab: Lab, path: Path): Promise<Result> {
  const costs: Cost[] = [];
  const floors: Cost[] = [];
  await path.prepare?.(lab);
  const repetitions = Number(options.repetitions ?? path.repetitions ?? 3);
  for (let round = 0; round < repetitions; round++) {
    await path.before?.(lab, round);
    costs.push(await measure(() => path.run(lab, round), metersOf(lab, path)));
    if (path.floor) {
      floors.push(await measure(async () => path.floor?.(lab, round), lab.meters));
    }
  }
  const figures = (await path.figures?.(lab)) ?? [];
  await path.after?.(lab);
  return {
    path,
    figures,
    runs: costs.length,
    ...median(costs),
    floor: floors.length > 0 ? median(floors).cost : null,
  };
}
