import { forgetExpiredTokens, recordAccountUsageHistory } from '../accounts/index.js';
import { type Config } from '../config/index.js';
import { dropExpired, makePartitions, retentions, type Tx } from '../db/index.js';
import { forgetJobs } from '../jobs/index.js';
import { forgetDeclarations } from '../replicas/index.js';
import { recordRseUsageHistory } from '../rses/index.js';
import { forgetTasks } from '../subscriptions/index.js';
import { forgetSilent, type Reconciler } from './runtime/index.js';

/** Login tokens a shift. */
const TOKENS_MAX = 10_000;
/** Items of jobs a shift. */
const ITEMS_MAX = 50_000;
/** Declarations about copies a shift. */
const DECLARATIONS_MAX = 10_000;
/** Tasks of subscriptions a shift. */
const TASKS_MAX = 1000;
const DAY_MS = 86_400_000;
/** A daemon that has said nothing for so long is gone. */
const SILENCE_MS = 86_400_000;

/**
 * A row of an append-only table is to go if and only if it is older than the table's retention
 * setting. Whole months go by dropping their partition. Declarations about copies go by the same
 * setting's kind once they are closed, tasks of subscriptions once they are DONE, jobs when they ended so
 * long ago, login tokens when they have expired, heartbeats a day after
 * their last one. What usage has changed is kept for the history.
 */
export function janitor(config: Config): Reconciler {
  return {
    name: 'janitor',
    wakeOn: [],
    async reconcile({ db, now, signal }) {
      let done = 0;
      const sweep = async (work: (tx: Tx) => Promise<number>) => {
        if (!signal.aborted) done += await db.tx(work);
      };
      for (const retention of retentions) {
        const days = config.retention[retention.setting];
        await sweep((tx) => makePartitions(tx, retention, now));
        await sweep((tx) => dropExpired(tx, retention, days, now));
      }
      const closed = new Date(now.getTime() - config.retention.badReplicasDays * DAY_MS);
      await sweep((tx) => forgetDeclarations(tx, closed, DECLARATIONS_MAX));
      const told = new Date(now.getTime() - config.retention.tasksDays * DAY_MS);
      await sweep((tx) => forgetTasks(tx, told, TASKS_MAX));
      const ended = new Date(now.getTime() - config.retention.jobsDays * DAY_MS);
      await sweep((tx) => forgetJobs(tx, ended, ITEMS_MAX));
      await sweep((tx) => forgetExpiredTokens(tx, now, TOKENS_MAX));
      await sweep((tx) => forgetSilent(tx, new Date(now.getTime() - SILENCE_MS)));
      await sweep(recordRseUsageHistory);
      await sweep(recordAccountUsageHistory);
      return { seen: done, done, failed: 0, more: false };
    },
  };
}
