import { lockQuota, type Principal } from '../accounts/index.js';
import { lits, only, sql, type Sql, type Tx } from '../db/index.js';
import { InsufficientAccountLimit } from '../errors/index.js';
import { OPEN } from './find-jobs.sql.js';
import { type JobTerms } from './job.js';

/** How many jobs and schedules an account may have. */
export type JobLimits = Pick<JobTerms, 'accountMax' | 'accountSchedulesMax'>;

/** Whose they are. Admins have no limits. */
type Owner = Pick<Principal, 'accountId' | 'account' | 'isAdmin'>;

/** That the account may have one more job that is not over, until the transaction ends. Throws InsufficientAccountLimit. */
export async function demandRoomForJob(
  tx: Tx,
  owner: Owner,
  { accountMax: max }: JobLimits,
): Promise<void> {
  const jobs = sql`jobs WHERE account_id = ${owner.accountId} AND state IN (${lits(OPEN)})`;
  const count = await countUpTo(tx, owner, jobs);
  if (count < max) return;
  throw new InsufficientAccountLimit(
    `Account '${owner.account}' has ${count} jobs that are not over, and may have ${max} (jobs.accountMax): wait for one, or cancel one first`,
    { account: owner.account, count, max },
  );
}

/** That the account may have one more schedule, until the transaction ends. Throws InsufficientAccountLimit. */
export async function demandRoomForSchedule(
  tx: Tx,
  owner: Owner,
  { accountSchedulesMax: max }: JobLimits,
): Promise<void> {
  const count = await countUpTo(
    tx,
    owner,
    sql`job_schedules WHERE account_id = ${owner.accountId}`,
  );
  if (count < max) return;
  throw new InsufficientAccountLimit(
    `Account '${owner.account}' has ${count} schedules of jobs, and may have ${max} (jobs.accountSchedulesMax): delete one first`,
    { account: owner.account, count, max },
  );
}

/** Two at once do not both take the last place. Of an admin nothing is counted. */
async function countUpTo(tx: Tx, { accountId, isAdmin }: Owner, from: Sql): Promise<number> {
  if (isAdmin) return 0;
  await lockQuota(tx, accountId);
  return (await only<{ count: number }>(tx, sql`SELECT count(*)::int AS count FROM ${from}`)).count;
}
