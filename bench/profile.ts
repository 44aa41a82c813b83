/*
 * `npm run bench:profile -- --only WORD`: where the time of a path goes, as two flame graphs in
 * docs/profiles: the service's processes by V8's sampling profiler, and PostgreSQL by the own time of
 * every node of every statement's plan (auto_explain). A round for each, so that neither slows the other.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Lab, openLab } from './lab.js';
import { type Path } from './path.js';
import { catalogue } from './paths/catalogue.js';
import { conveyors } from './paths/conveyor.js';
import { daemons } from './paths/daemons.js';
import { furnish } from './paths/fixtures.js';
import { listings } from './paths/listing.js';
import { requests } from './paths/requests.js';
import { rules } from './paths/rules.js';
import { rulesAtScale } from './paths/rules-at-scale.js';
import { addCpuProfile, nowMicros, type Stretch } from './profile/cpu-frames.js';
import { explained, prepareExplaining } from './profile/explaining.js';
import { flameGraph } from './profile/flame.js';
import { frame } from './profile/frame.js';
import { addPlan, type Explained } from './profile/plan-frames.js';

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, into: { type: 'string', default: 'docs/profiles' } },
});
const paths = [...requests, ...catalogue, ...listings, ...rules, ...daemons, ...conveyors];
const path = [...paths, ...rulesAtScale].find(
  ({ name }) => options.only !== undefined && name.includes(options.only),
);
if (!path) throw new Error('--only WORD: a word of the name of a path of `npm run bench`');

const SAMPLE_MICROS = 250;

const profiles = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
const server = { directory: '', pid: 0 };
const lab = await openLab({
  async prepare(running) {
    Object.assign(server, running);
    await prepareExplaining(server);
  },
  node: ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-interval=${SAMPLE_MICROS}`],
});
const found = await rounds(lab, path).finally(() => lab.close());
draw(path, found);
rmSync(profiles, { recursive: true });

interface Found {
  readonly stretch: Stretch;
  /** Of this process, where the path's work is done in it. */
  readonly own: Profiler.Profile | undefined;
  readonly plans: readonly Explained[];
}

/** A first round to warm up, one under the sampling profiler, one with its plans written down. */
async function rounds(on: Lab, measured: Path): Promise<Found> {
  await furnish(on);
  await measured.prepare?.(on);
  await measured.before?.(on, 0);
  await measured.run(on, 0);
  await measured.before?.(on, 1);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
  await session.post('Profiler.start');
  const from = nowMicros();
  await measured.run(on, 1);
  const stretch = { from, to: nowMicros() };
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await measured.before?.(on, 2);
  const plans = await explained(server, () => measured.run(on, 2));
  await measured.after?.(on);
  return { stretch, own: measured.inProcess === true ? profile : undefined, plans };
}

/** The files are complete when the processes have ended. */
function draw({ name }: Path, { stretch, own, plans }: Found): void {
  const node = frame(name);
  if (own) addCpuProfile(node, own, stretch);
  for (const file of readdirSync(profiles)) {
    const profile = JSON.parse(readFileSync(join(profiles, file), 'utf8')) as Profiler.Profile;
    addCpuProfile(node, profile, stretch);
  }
  const postgres = frame(name);
  for (const plan of plans) addPlan(postgres, plan);
  const write = (what: string, title: string, graph: typeof node) => {
    const file = join(
      options.into,
      `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.${what}.svg`,
    );
    writeFileSync(file, flameGraph(`${title}: ${name}`, graph));
    console.log(file);
  };
  write('node', 'Node, CPU', node);
  write('postgres', 'PostgreSQL, time in the nodes of plans', postgres);
}
