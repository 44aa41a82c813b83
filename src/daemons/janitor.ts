import { type Config } from '../config/index.js';
import { dropExpired, makePartitions, retentions } from '../db/index.js';
import { forgetExpiredTokens } from '../accounts/index.js';
import { type Reconciler } from './runtime/index.js';

/** Login tokens a shift. */
const TOKENS_MAX = 10_000;

/**
 * A row of an append-only table is to go if and only if it is older than the table's retention
 * setting. Whole months go by dropping their partition. Login tokens go when they have expired.
 */
export function janitor(config: Config): Reconciler {
  return {
    name: 'janitor',
    wakeOn: [],
    async reconcile({ db, now }) {
      let done = await db.tx((tx) => forgetExpiredTokens(tx, now, TOKENS_MAX));
      for (const retention of retentions) {
        const days = config.retention[retention.setting];
        done += await db.tx((tx) => makePartitions(tx, retention, now));
        done += await db.tx((tx) => dropExpired(tx, retention, days, now));
      }
      return { seen: done, done, failed: 0, more: false };
    },
  };
}
