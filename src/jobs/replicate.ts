import { demandActiveAccount } from '../accounts/index.js';
import { lit, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  DataIdentifierNotFound,
  InsufficientAccountLimit,
  RSEOverQuota,
  type SluiceError,
} from '../errors/index.js';
import { addDids, attachDids, resolveDids } from '../dids/index.js';
import { resolveRses, type Rse } from '../rses/index.js';
import { addRules } from '../rules/index.js';
import {
  type DidId,
  type DidName,
  DidType,
  JobItemState,
  ReplicaState,
} from '../vocabulary/index.js';
import { listSlice, missingNames, sizeOf } from './choose-dids.sql.js';
import { endUnderRule, endWithRules } from './rule-items.sql.js';
import { type Job, type JobTerms, type Outcome } from './job.js';
import { asDone, asFailed, asTotal, pending, settleItems } from './job-item.sql.js';
import { type KindOfJob, reasonOf } from './kind.js';
import { noteOnJob } from './job.sql.js';

type Replication = Job<'replicate'>;

/** So many DIDs refused one after the other: the reason is not theirs. */
const REFUSED_MAX = 20;
/** How a slice shrinks while some of it is refused, and grows again. */
const PACE = 8;

/**
 * Copies of everything that is chosen: first the DIDs are listed, then they get rules of their own in
 * slices; or they are files that are gathered in a dataset, which gets one rule. A DID that has the very
 * rule already is done.
 */
export const replicate: KindOfJob<'replicate'> = {
  first: 'list',
  steps: { list, place, open, gather },
  refuse,
};

async function list(tx: Tx, job: Replication, terms: JobTerms): Promise<Outcome> {
  const { availableAt } = job.spec;
  const at = availableAt === null ? null : await resolveRses(tx, availableAt);
  const itemsOf = (dids: Sql): Sql => sql`
    SELECT d.id AS did_id, 0 AS rse_id, 0 AS rule_id, ${sizeOf(sql`d`)} AS bytes, NULL::int AS target_rse_id
      FROM (${dids}) d WHERE ${at ? isAvailableAt(at) : sql`true`}`;
  const { added, next } = await listSlice(tx, job, itemsOf, terms.sliceItems);
  if (next) return { next: 'more', cursor: next, ...asTotal(added) };
  await noteMissing(tx, job);
  const step = job.spec.into ? 'open' : 'place';
  return { next: { step }, cursor: null, ...asTotal(added) };
}

/** Names of a list that name nothing are told; there is nothing that an item could be about. */
export async function noteMissing(tx: Tx, job: Job): Promise<void> {
  const { count, first } = await missingNames(tx, job.id);
  if (count === 0n) return;
  const names = `${first.join(', ')}${count > BigInt(first.length) ? ', …' : ''}`;
  await noteOnJob(tx, job.id, `${count} of the DIDs do not exist: ${names}`);
}

/** Condition on DID `d`: it, or a file of it, has a copy there that can be read. A container may have. */
const isAvailableAt = (rses: readonly Rse[]): Sql => {
  const ids = rses.map(({ id }) => id);
  const good = (r: Sql): Sql =>
    sql`(${r}.rse_id + 0) = ANY (${ids}::int[]) AND ${r}.state = ${lit(ReplicaState.AVAILABLE)}`;
  return sql`CASE d.type
    WHEN ${lit(DidType.FILE)} THEN EXISTS (
      SELECT FROM replicas r WHERE r.did_id = d.id AND ${good(sql`r`)} OFFSET 0)
    WHEN ${lit(DidType.DATASET)} THEN EXISTS (
      SELECT FROM contents ct JOIN replicas r ON r.did_id = ct.child_id
       WHERE ct.parent_id = d.id AND ${good(sql`r`)})
    ELSE true END`;
};

async function place(tx: Tx, job: Replication, terms: JobTerms): Promise<Outcome> {
  await demandOwner(tx, job);
  const batch = job.cursor?.batch ?? terms.sliceRules;
  const listed = await nextDids(tx, job, batch);
  if (listed.length === 0) return { next: 'end', cursor: null };
  const dids = listed.filter(({ id }) => id !== null);
  if (dids.length < listed.length) return await endVanished(tx, job, listed);
  const filesOnly = dids.every(({ type }) => type === DidType.FILE);
  const added = await addRules(
    tx,
    { ...job.spec.rule, dids, ignoreDuplicate: true },
    // Files are placed together, as many as there are; collections may be of any size.
    filesOnly ? { ...terms, synchronousLocksMax: Number.MAX_SAFE_INTEGER } : terms,
  );
  const done = await endWithRules(
    tx,
    job.id,
    dids.map(({ didId }) => didId),
    added.map(({ id }) => id),
  );
  const next = Math.min(terms.sliceRules, batch * PACE);
  return { next: 'more', cursor: { batch: next }, done: done.count, doneBytes: done.bytes };
}

/** Whom the rules are for may have gone since the job was ordered. Throws AccountNotFound. */
async function demandOwner(tx: Tx, { accountId, spec }: Replication): Promise<void> {
  if (spec.rule.accountId !== accountId) await demandActiveAccount(tx, spec.rule.accountId);
}

/** A DID of an item; without an id where it has been erased. */
type ListedDid = DidName & {
  readonly didId: DidId;
  readonly id: DidId | null;
  readonly type: DidType;
};

/** The DIDs of the next pending items. */
const nextDids = (tx: Tx, job: Replication, limit: number): Promise<ListedDid[]> =>
  rows<ListedDid>(
    tx,
    sql`SELECT p.did_id AS "didId", d.id, d.scope, d.name, d.type FROM (
          SELECT i.did_id FROM ${pending(job.id)}
           ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT ${lit(limit)}) p
          LEFT JOIN dids d ON d.id = p.did_id ORDER BY p.did_id`,
  );

/** The dataset and its rule, empty as yet: the judge places what comes into it. */
async function open(tx: Tx, job: Replication, terms: JobTerms): Promise<Outcome> {
  const { into, rule } = job.spec;
  if (!into) return { next: { step: 'place' } };
  await demandOwner(tx, job);
  const [known] = await resolveDids(tx, [into]);
  if (!known) await addDids(tx, job.accountId, [{ ...into, type: DidType.DATASET }]);
  const [added] = await addRules(tx, { ...rule, dids: [into], ignoreDuplicate: true }, terms);
  return { next: { step: 'gather' }, cursor: { rule: String(added?.id ?? 0) } };
}

async function gather(tx: Tx, job: Replication, terms: JobTerms): Promise<Outcome> {
  const listed = await nextDids(tx, job, terms.sliceItems);
  const { into } = job.spec;
  if (listed.length === 0 || !into) return { next: 'end', cursor: null };
  const dids = listed.filter(({ id }) => id !== null);
  if (dids.length < listed.length) return await endVanished(tx, job, listed);
  const children = dids.map(({ scope, name }) => ({ scope, name }));
  await attachDids(tx, into, children, { ignoreDuplicate: true, accountId: job.accountId });
  const done = await endUnderRule(
    tx,
    job.id,
    dids.map(({ didId }) => didId),
    BigInt(job.cursor?.rule ?? 0),
  );
  return { next: 'more', ...asDone(done) };
}

/** Some have been erased since they were listed. */
async function endVanished(
  tx: Tx,
  job: Replication,
  listed: readonly { readonly didId: DidId; readonly id: DidId | null }[],
): Promise<Outcome> {
  const error = 'DataIdentifierNotFound: it was erased after it had been listed';
  const gone = listed.filter(({ id }) => id === null).map(({ didId }) => didId);
  const which = sql`i.did_id = ANY (${gone}::bigint[])`;
  const failed = await settleItems(tx, job.id, which, { state: JobItemState.FAILED, error });
  return { next: 'more', ...asFailed(failed) };
}

/** Facts that may be about one DID of a slice; any other is about all of them. */
const isOfOne = (error: SluiceError): boolean =>
  [InsufficientAccountLimit, RSEOverQuota, DataIdentifierNotFound].some(
    (Fact) => error instanceof Fact,
  );

/** The slice is made smaller until it is one DID, which has failed. */
async function refuse(
  tx: Tx,
  job: Replication,
  error: SluiceError,
  terms: JobTerms,
): Promise<Outcome | undefined> {
  if (job.step !== 'place' || !isOfOne(error)) return undefined;
  const batch = job.cursor?.batch ?? terms.sliceRules;
  const refused = (job.cursor?.refused ?? 0) + 1;
  if (batch > 1) {
    return { next: 'more', cursor: { batch: Math.max(1, Math.floor(batch / PACE)) } };
  }
  if (refused > REFUSED_MAX) return undefined;
  const first = sql`(i.did_id, i.rse_id, i.rule_id) IN (
    SELECT p.did_id, p.rse_id, p.rule_id FROM (
      SELECT i.* FROM ${pending(job.id)} ORDER BY i.rule_id, i.did_id, i.rse_id LIMIT 1) p)`;
  const failed = await settleItems(tx, job.id, first, {
    state: JobItemState.FAILED,
    error: reasonOf(error),
  });
  return { next: 'more', cursor: { batch: 1, refused }, ...asFailed(failed) };
}
