import { describe, expect, it } from '@jest/globals';
import { type Candidate } from '../../../src/rules/index.js';
import { chooseForEach } from '../../../src/rules/dataset-units.js';
import { chooseForUnits } from '../../../src/rules/plan/choose-units.js';

const candidates = Array.from({ length: 1000 }, (_, at): Candidate => ({
  ...{ rseId: at + 1, name: `RSE-${at + 1}`, seed: BigInt(at + 1) * 7_919n, weight: 1 },
  ...{ heldBytes: 0n, inDeletion: false, quotaLeft: null, spaceLeft: null },
}));
const datasets = Array.from({ length: 200 }, (_, at) => ({
  ...{ id: BigInt(at + 1), didId: BigInt(at + 1), root: 1n, sliced: true },
  ...{ files: 1n, bytes: 100n, there: new Map() },
}));

/** How often others have had their turn while this was at work. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) {
    await new Promise(setImmediate);
    turns++;
  }
  await done;
  return turns;
}

describe('while many datasets are placed over many storage elements', () => {
  it('others have their turn: of a plan', async () => {
    const plan = chooseForUnits(datasets, {
      ...{ copies: 2, constraints: null, sliceLocks: 10_000, apart: false },
      reread: () => candidates,
    });
    expect(await turnsDuring(plan)).toBeGreaterThanOrEqual(10);
  });

  it('others have their turn: of the judges', async () => {
    const places = chooseForEach(datasets, 2, { candidates, blocked: [], constraints: null });
    expect(await turnsDuring(places)).toBeGreaterThanOrEqual(10);
  });
});
