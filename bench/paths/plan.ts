import { type Path } from '../path.js';
import { DATASETS, loadContainer } from './containers.js';
import { SCOPE } from './fixtures.js';

const CONTAINER = 'planned';

/** What a plan is asked for: the bodies of `POST rules/plan`. */
const GROUPINGS = ['DATASET', 'ALL', 'NONE'] as const;

/** Seconds that a plan of a million files may take: one waits for it at the terminal. */
const SECONDS_MAX = 5;

/** What a rule over a container of `files` files would come to, by each grouping. */
export function planOver(files: number): Path {
  const seconds = new Map<string, number>();
  return {
    name: `at scale: plan, ${files.toLocaleString('en')} files in ${DATASETS} datasets, 2 copies`,
    item: 'file',
    items: GROUPINGS.length * files,
    targetCpu: 5,
    prepare: (lab) => loadContainer(lab, CONTAINER, files),
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
