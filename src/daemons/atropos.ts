import { type Config } from '../config/index.js';
import { endLives } from '../rules/index.js';
import { type Reconciler } from './runtime/index.js';

/** Rules a transaction. */
const BATCH_MAX = 1000;

/**
 * A rule is to expire if and only if its end of life (`eol_at`) has come, it is not locked, and
 * nobody has got approval for its DID to live longer: then its end moves to when that ends. It
 * expires after a time of grace, in which its owner may still change it; the judge's cleaner does the rest.
 */
export function atropos(config: Config): Reconciler {
  return {
    name: 'atropos',
    wakeOn: [],
    async reconcile({ db, now, batch, log }) {
      const limit = Math.min(batch, BATCH_MAX);
      const expiresAt = new Date(now.getTime() + config.rules.eolGraceSeconds * 1000);
      const { seen, extended } = await db.tx((tx) => endLives(tx, { now, expiresAt }, limit));
      if (seen > 0)
        log.info({ ended: seen - extended, extended }, 'rules came to their end of life');
      return { seen, done: seen, failed: 0, more: seen === limit };
    },
  };
}
