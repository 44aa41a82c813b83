import { type JobWish } from '../jobs/index.js';
import { isSelfOrAdmin, type May } from './decide.js';
import { mayDeleteReplicas } from './replicas.js';
import { mayAddRule, mayChangeRule } from './rules.js';

/**
 * Order bulk work: what one may do one by one. Whole RSEs are emptied and balanced by admins, who touch
 * everybody's rules. By the calendar it is asked again each time.
 */
export const mayOrderJob: May<[wish: JobWish]> = (caller, wish) => {
  switch (wish.kind) {
    case 'replicate':
      return mayAddRule(caller, wish.spec.rule.accountId, wish.spec.rule.locked ?? false);
    case 'change':
      return wish.spec.ownerId === null ? caller.isAdmin : mayChangeRule(caller, wish.spec.ownerId);
    case 'delete_replicas':
      return mayDeleteReplicas(caller);
    case 'drain':
    case 'rebalance':
      return caller.isAdmin;
  }
};

/** Cancel and resume one's own jobs, change their calendar; admins any. */
export const maySteerJob: May<[owner: number]> = isSelfOrAdmin;

/** Approve the plan of a job. */
export const mayApproveJob: May = (caller) => caller.isAdmin;
