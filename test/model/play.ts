import { bundledConfigFile, type Config, loadConfig } from '../../src/config/index.js';
import { testDatabase } from '../support/database.js';
import { converge } from './converge.js';
import { makeLake } from './lake.js';
import { type LakePlan } from './lake-plan.js';
import { type Operation } from './operation.js';
import { perform } from './perform.js';
import { brokenAtWork, verdict } from './verdict.js';
import { World } from './world.js';

/**
 * Plays a sequence in a lake of its own, lets every daemon come to rest, and throws unless the
 * catalogue was whole after each step, and catalogue and storages are as they should be at last.
 */
export async function play(plan: LakePlan, operations: readonly Operation[]): Promise<void> {
  const base = await testDatabase();
  const { db } = base;
  const config = modelConfig(plan);
  const world = new World(db, config, await makeLake(db, plan), plan);
  try {
    for (const operation of operations) {
      await perform(world, operation);
      const broken = await brokenAtWork(world);
      if (broken.length > 0) throw new Error(`after ${operation.op}: ${broken.join('\n')}`);
    }
    await converge(world);
    const wrong = await verdict(world);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  } finally {
    await world.workers.close();
    for (const { storage } of world.lake.sites) storage.clear();
    await base.close();
  }
}

/** Minutes for hours: every lease, back-off and retry is over within the hour of a round. */
function modelConfig(plan: LakePlan): Config {
  const usual = loadConfig({ file: bundledConfigFile('test'), environment: {} });
  const { sliceLocks, synchronousLocksMax } = plan;
  return {
    ...usual,
    rules: {
      ...usual.rules,
      sliceLocks,
      synchronousLocksMax,
      lockRetrySeconds: 60,
      expressRetrySeconds: 60,
      driftCheckSeconds: 60,
    },
    jobs: { ...usual.jobs, pollSeconds: 60, sliceItems: sliceLocks, sliceRules: sliceLocks },
    subscriptions: { ...usual.subscriptions, retrySeconds: 60 },
    requests: { ...usual.requests, attemptsMax: 2, backoffSeconds: 10, leaseSeconds: 60 },
    reaper: { ...usual.reaper, leaseSeconds: 60, retrySeconds: 60 },
  };
}
