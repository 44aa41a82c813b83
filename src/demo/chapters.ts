import { didPath } from './rest-client.js';
import { SHORE, sites } from './lake.js';
import { adler32Of } from './raw-data.js';
import { corruptAt, fetchSigned, putSigned, storedNames } from './bytes.js';
import {
  addRule,
  locksOk,
  type ReplicaView,
  replicasOf,
  type RuleView,
  type World,
} from './world.js';

const ORDER = 'raw-data';

/** What the data manager asks for once, before anything is taken: three copies of every raw run. */
export async function orderCopies(world: World): Promise<void> {
  const { manager } = world.people;
  await manager.text('POST', `/subscriptions/${manager.account}/${ORDER}`, {
    options: {
      filter: { datatype: ['RAW$'], scope: [`${world.scope}$`] },
      replication_rules: [
        {
          copies: 2,
          rse_expression: 'tier=1&type=DISK',
          activity: 'T0 Export',
          comments: 'two disks in the world',
        },
        { copies: 1, rse_expression: 'type=TAPE', activity: 'T0 Tape', comments: 'one tape' },
      ],
      comments: 'three copies of all raw data',
      lifetime: null,
      retroactive: false,
      dry_run: false,
      priority: 3,
    },
  });
  world.stage.say(`subscription ${manager.account}/${ORDER}: datatype=RAW, scope=${world.scope}`);
}

/**
 * The online filter writes each run to the shore station, tells the catalogue of it, and keeps its own
 * copy for now. Gives the rules of the shore.
 */
export async function takeData(world: World): Promise<string[]> {
  const { online } = world.people;
  const shore: string[] = [];
  for (const run of world.runs) {
    for (const file of run.files) await putSigned(world, online, SHORE, file);
    await online.text('POST', '/replicas', {
      rse: SHORE,
      files: run.files.map((file) => ({
        scope: world.scope,
        name: file.name,
        bytes: file.bytes.length,
        adler32: file.adler32,
        meta: {
          datatype: 'RAW',
          run_number: file.run,
          detector: file.detector,
          stream: file.stream,
        },
      })),
    });
    await online.text('POST', `/dids/${didPath(world.scope, run.dataset)}`, {
      type: 'DATASET',
      meta: { datatype: 'RAW', run_number: run.number, detector: run.detector },
      dids: run.files.map(({ name }) => ({ scope: world.scope, name })),
    });
    const bytes = run.files.reduce((sum, file) => sum + file.bytes.length, 0);
    world.stage.say(`${world.scope}:${run.dataset}  ${run.files.length} files, ${bytes} bytes`);
    shore.push(
      await addRule(
        online,
        { scope: world.scope, name: run.dataset },
        { copies: 1, rse_expression: SHORE, comment: 'until it is safe elsewhere' },
      ),
    );
  }
  return shore;
}

/** Nobody asks for copies of a run: the subscription made its rules when it was registered. */
export async function awaitCopies(world: World): Promise<void> {
  const { manager } = world.people;
  const files = world.runs.reduce((sum, run) => sum + run.files.length, 0);
  let rules: RuleView[] = [];
  await world.stage.until('copies verified at their destination', 3 * files, async () => {
    rules = await manager.lines('GET', `/subscriptions/${manager.account}/${ORDER}/rules`);
    return rules.reduce((sum, rule) => sum + (rule.state === 'OK' ? rule.locks_ok_cnt : 0), 0);
  });
  world.stage.say(`${rules.length} rules, none of them made by hand`);
}

/** A disk at the shore lies about one file: the copy made from it must not survive. */
export async function corruptOne(world: World): Promise<void> {
  const { scientist } = world.people;
  const run = world.runs.at(-1);
  const victim = run?.files.find(({ stream }) => stream === 'L1') ?? run?.files[0];
  if (!run || !victim) throw new Error('no file to corrupt');
  const [held] = await replicasOf(world, [victim.name]);
  const destination = sites.find(
    ({ rse, tier, type }) => tier === 1 && type === 'DISK' && held?.states[rse] === undefined,
  );
  if (!destination) throw new Error('no disk without a copy');
  await corruptAt(world, SHORE, victim.name);
  world.stage.say(`one byte of ${victim.name} is wrong at ${SHORE} now; its size is right`);
  const rule = await addRule(
    scientist,
    { scope: world.scope, name: run.dataset },
    { copies: 3, rse_expression: 'tier=1&type=DISK', comment: 'for an analysis everywhere' },
  );
  await world.stage.until('copies on all disks of tier 1', 3 * run.files.length, () =>
    locksOk(world, [rule]),
  );
  for (const line of await world.people.root.lines<Refusal>(
    'GET',
    `/requests/history/list?src_rse=${SHORE}&dst_rse=${destination.rse}&request_states=F`,
  )) {
    world.stage.say(`refused: ${line.name} from ${line.source_rse}: ${line.err_msg}`);
  }
  const mended = async () => {
    const [replica] = await replicasOf(world, [victim.name]);
    const good = replica?.states[SHORE] === 'AVAILABLE';
    return good && adler32Of(await fetchSigned(world, pfnAt(replica, SHORE))) === victim.adler32
      ? 1
      : 0;
  };
  await world.stage.until(`bad copy at ${SHORE} declared and replaced`, 1, mended);
  const incidents = await world.people.root.lines<{ reason: string }>(
    'GET',
    `/replicas/bad/summary?rse_expression=${SHORE}`,
  );
  for (const { reason } of incidents) world.stage.say(`declared bad: ${reason}`);
  if (incidents.length === 0) throw new Error('the corrupted copy was never declared bad');
}

interface Refusal {
  readonly name: string;
  readonly source_rse: string;
  readonly err_msg: string;
}

/** The scientist asks by built-in and own metadata, downloads a run and compares checksums. */
export async function analyse(world: World): Promise<void> {
  const { scientist } = world.people;
  const from = Math.max(...world.runs.map(({ number }) => number)) - 1;
  const detector = world.runs[0]?.detector ?? '';
  const filters = `[{'datatype': 'RAW', 'run_number.gte': '${from}', 'detector': '${detector}'}]`;
  const names = await scientist.lines<string>(
    'GET',
    `/dids/${world.scope}/dids/search?type=dataset&filters=${encodeURIComponent(filters)}`,
  );
  world.stage.say(`datatype=RAW,run_number.gte=${from},detector=${detector}: ${names.join(', ')}`);
  const expected = world.runs.filter((run) => run.number >= from && run.detector === detector);
  if (names.length !== expected.length)
    throw new Error(`the query found ${names.length} of ${expected.length} runs`);
  const run = expected.at(-1);
  if (!run) throw new Error('no run to download');
  const replicas = await replicasOf(world, [run.dataset]);
  for (const replica of replicas) {
    const bytes = await fetchSigned(world, Object.keys(replica.pfns)[0] ?? '');
    const file = run.files.find(({ name }) => name === replica.name);
    if (!file?.bytes.equals(bytes) || adler32Of(bytes) !== replica.adler32) {
      throw new Error(`${replica.name} came back different`);
    }
  }
  world.stage.say(`downloaded ${run.dataset}: ${replicas.length} files, every adler32 right`);
}

/** The shore's rules expire; only what the scientist pinned stays there. */
export async function expireShore(world: World, shoreRules: readonly string[]): Promise<void> {
  const { online, scientist } = world.people;
  const pinned = world.runs[0];
  if (!pinned) throw new Error('no run to pin');
  await addRule(
    scientist,
    { scope: world.scope, name: pinned.dataset },
    { copies: 1, rse_expression: SHORE, comment: 'I am not done with this one' },
  );
  for (const id of shoreRules)
    await online.text('PUT', `/rules/${id}`, { options: { lifetime: 1 } });
  const goners = world.runs.slice(1).flatMap((run) => run.files.map(({ name }) => name));
  const before = (await storedNames(world, SHORE)).length;
  const gone = async () => before - (await storedNames(world, SHORE)).length;
  await world.stage.until(`deleted at ${SHORE}`, goners.length, gone);
  const left = await storedNames(world, SHORE);
  const right = pinned.files.map(({ name }) => name).sort();
  if (left.join() !== right.join())
    throw new Error(`${SHORE} holds ${left.join()} instead of ${right.join()}`);
}

/** The storages themselves say what they hold. */
export async function listStorages(world: World): Promise<void> {
  for (const { rse } of sites) {
    const names = await storedNames(world, rse);
    world.stage.say(`${rse.padEnd(10)} ${names.length} files: ${names.join(' ')}`);
  }
}

function pfnAt(replica: ReplicaView | undefined, rse: string): string {
  const [pfn] = Object.entries(replica?.pfns ?? {}).find(([, place]) => place.rse === rse) ?? [];
  if (pfn === undefined) throw new Error(`no PFN at ${rse}`);
  return pfn;
}
