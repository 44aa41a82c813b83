import { type KilledLake, SCOPE } from './lake.js';

export const DATASETS = 4;
const FILES = 5;

const named = (name: string) => ({ scope: SCOPE, name });

/** Datasets of files in a container, and what is wanted of them: one wish each, for any order. */
export async function begin(lake: KilledLake, story: string): Promise<(() => Promise<unknown>)[]> {
  const { post } = lake;
  const runs = Array.from({ length: DATASETS }, (_, i) => `${story}.run${i}`);
  await post('/dids', [
    { ...named(story), type: 'CONTAINER' },
    ...[...runs, `${story}.old`].map((run) => ({ ...named(run), type: 'DATASET' })),
  ]);
  for (const dataset of [...runs, `${story}.old`]) await lake.upload(dataset, FILES);
  await post(`/dids/${SCOPE}/${story}/dids`, { dids: runs.map(named) });
  return [
    ...rulesOn(lake, story),
    ...standingOrders(lake, story),
    ...endings(lake, story),
    () =>
      post('/jobs', {
        kind: 'replicate',
        query: { scope: SCOPE, filters: { name: `${story}.run*` }, type: 'dataset' },
        to: 'A-DISK|C-DISK',
        rule: { activity: 'Staging', grouping: 'NONE' },
      }),
  ];
}

/** A rule of each kind that daemons work on. */
function rulesOn({ post }: KilledLake, story: string) {
  const rule = (wish: object) => () => post('/rules', { dids: [named(story)], ...wish });
  const parts = [
    { copies: 1, rse_expression: 'A-DISK|B-DISK' },
    { copies: 1, rse_expression: 'C-DISK|D-DISK' },
  ];
  const phases = [{ for: '1s', rse_expression: 'C-DISK' }, { rse_expression: 'D-DISK' }];
  return [
    rule({ copies: 2, rse_expression: 'A-DISK|B-DISK|C-DISK' }),
    rule({ copies: 1, rse_expression: 'B-DISK|C-DISK', grouping: 'NONE' }),
    rule({ placement: { parts, distinct: ['site'] } }),
    rule({ phases }),
  ];
}

/** A subscription that makes rules, and one that makes tasks, both of what is there already. */
function standingOrders({ post }: KilledLake, story: string) {
  const filter = { pattern: `${story}.run.*`, did_type: ['DATASET'] };
  const subscribe = (name: string, rule: object) => async () => {
    const path = `/subscriptions/root/${story}-${name}`;
    await post(path, { options: { filter, replication_rules: [rule] } });
    await post(`${path}/backfill`, {});
  };
  return [
    subscribe('older', { rse_expression: 'C-DISK|D-DISK', copies: 1 }),
    subscribe('told', { sluice: { notify: { group_by: { files: 2 * FILES }, flush_after: 1 } } }),
  ];
}

/** What is wanted no more: a rule, a dataset with all that is in it, and a dataset's place for a while. */
function endings({ post, remove }: KilledLake, story: string) {
  const [first, old] = [named(`${story}.run0`), named(`${story}.old`)];
  return [
    async () => {
      const wish = { dids: [named(story)], copies: 1, rse_expression: 'D-DISK' };
      const [mistake] = (await post('/rules', { ...wish, purge_replicas: true })) as string[];
      await remove(`/rules/${mistake}`);
    },
    async () => {
      await post('/rules', { dids: [old], copies: 2, rse_expression: 'A-DISK|B-DISK' });
      await post(`/dids/${SCOPE}/${old.name}/meta/lifetime`, { value: -1 });
    },
    async () => {
      await remove(`/dids/${SCOPE}/${story}/dids`, { dids: [first] });
      await post(`/dids/${SCOPE}/${story}/dids`, { dids: [first] });
    },
  ];
}
