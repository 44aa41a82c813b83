import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { loadDataset, SCOPE } from './fixtures.js';

const DATASETS = 100;
const CONTAINER = 'planned';

/** What a plan is asked for: the bodies of `POST rules/plan`. */
const GROUPINGS = ['DATASET', 'ALL', 'NONE'] as const;

/** A container of `files` files in 100 datasets, a third of which have a second copy. */
async function loadContainer(lab: Lab, files: number): Promise<void> {
  await lab.root.text('POST', `/dids/${SCOPE}/${CONTAINER}`, { type: 'CONTAINER' });
  const dids: { scope: string; name: string }[] = [];
  for (let at = 0; at < DATASETS; at++) {
    const name = `${CONTAINER}_${at}`;
    const rses = at % 3 === 0 ? ['BENCH1', 'BENCH2'] : ['BENCH1'];
    await loadDataset(lab, { name, count: files / DATASETS, rses });
    dids.push({ scope: SCOPE, name });
  }
  await lab.root.text('POST', `/dids/${SCOPE}/${CONTAINER}/dids`, { dids });
}

/** Seconds that a plan of a million files may take; one sets off without knowing how many there are. */
const SECONDS_MAX = 20;

/** What a rule over a container of `files` files would come to, by each grouping. */
export function planOver(files: number): Path {
  const seconds = new Map<string, number>();
  return {
    name: `plan, ${files.toLocaleString('en')} files in ${DATASETS} datasets, 2 copies`,
    item: 'file',
    items: GROUPINGS.length * files,
    targetCpu: 30,
    prepare: (lab) => loadContainer(lab, files),
    async run(lab) {
      for (const grouping of GROUPINGS) {
        const began = performance.now();
        await lab.root.text('POST', '/rules/plan', {
          dids: [{ scope: SCOPE, name: CONTAINER }],
          account: 'root',
          copies: 2,
          rse_expression: 'bench=true',
          grouping,
        });
        seconds.set(grouping, (performance.now() - began) / 1000);
      }
    },
    figures: () =>
      Promise.resolve(
        [...seconds].map(([grouping, value]) => ({
          name: `a plan, ${grouping}`,
          value,
          unit: 's',
          atMost: SECONDS_MAX,
        })),
      ),
  };
}
