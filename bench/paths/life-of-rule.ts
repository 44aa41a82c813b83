import { sql } from '../../src/db/index.js';
import { type Lab, type Workers } from '../lab.js';
import { type Figure, type Path, peakMemory } from '../path.js';
import { loadContainer } from './containers.js';
import { SCOPE } from './fixtures.js';
import { addRule, until } from './rules.js';

/** Of the request that orders a rule over whatever size, ms. */
const ACCEPTED_MS = 1000;
/** Until it is told why all copies of a million files are not there yet. */
const EXPLAINED_S = 2;

/**
 * One rule of two copies over a container of `files` files, from the request to the last lock: it is placed,
 * it explains why nothing has arrived yet, it expires. Each path begins where the one before ended.
 */
export function lifeOfRule(files: number, grouping: 'DATASET' | 'NONE'): readonly Path[] {
  const container = `life_${grouping}`;
  const locks = 2 * files;
  const title = `at scale: ${files.toLocaleString('en')} files, 2 copies, ${grouping}`;
  const rules = sql`rules r JOIN dids d ON d.id = r.did_id WHERE d.scope = ${SCOPE} AND d.name = ${container}`;
  let [id, accepted] = ['', 0];
  let judge: Workers | undefined;
  const once = {
    repetitions: 1,
    figures: (): Promise<readonly Figure[]> =>
      Promise.resolve(judge ? [peakMemory(judge.pid)] : []),
    after: async () => judge?.stop(),
  };
  const placed = async (lab: Lab) => {
    const began = performance.now();
    const wish = { grouping, asynchronous: true };
    [id = ''] = JSON.parse(await addRule(lab, container, wish)) as string[];
    accepted = performance.now() - began;
    await until(
      lab,
      sql`SELECT bool_and(r.locks_ok + r.locks_replicating + r.locks_stuck >= ${locks}::bigint
                   AND r.state <> 'I') AS done FROM ${rules}`,
    );
  };
  return [
    {
      ...once,
      ...{ name: `${title}: placed`, item: 'lock', items: locks, run: placed },
      ...{ targetCpu: grouping === 'NONE' ? 60 : 40, targetTransaction: 1000 },
      async before(lab) {
        await loadContainer(lab, container, files);
        judge = await lab.daemons('judge-injector');
      },
      figures: async () => [
        { name: 'accepted after', value: accepted, unit: 'ms', atMost: ACCEPTED_MS },
        ...(await once.figures()),
      ],
    },
    explained(title, () => id),
    {
      ...once,
      ...{ name: `${title}: expired`, item: 'lock', items: locks },
      ...{ targetCpu: 30, targetTransaction: 500 },
      async before(lab) {
        judge = await lab.daemons('judge-cleaner');
      },
      async run(lab) {
        await lab.root.text('PUT', `/rules/${id}`, { options: { lifetime: -1 } });
        await until(lab, sql`SELECT NOT EXISTS (SELECT FROM ${rules}) AS done`);
      },
    },
  ];
}

/** Why a rule is not OK, all of its copies being on their way. */
function explained(title: string, idOf: () => string): Path {
  let seconds = 0;
  return {
    name: `${title}: explained`,
    item: 'explanation',
    items: 1,
    async run({ root }) {
      const began = performance.now();
      const told = JSON.parse(await root.text('GET', `/rules/${idOf()}/explain`)) as {
        groups: readonly unknown[];
      };
      seconds = (performance.now() - began) / 1000;
      if (told.groups.length === 0) throw new Error('nothing was explained');
    },
    figures: () =>
      Promise.resolve([{ name: 'an answer', value: seconds, unit: 's', atMost: EXPLAINED_S }]),
  };
}
