import { type Tx } from '../db/index.js';
import { InvalidObject } from '../errors/index.js';
import { compileFilter, parseFilter } from '../metadata/query/index.js';
import { findRse, parseExpression } from '../rses/index.js';
import { DidType } from '../vocabulary/index.js';
import { type DidChoice, type JobOrder } from './job.js';
import { insertJob } from './job.sql.js';
import { firstStep } from './work-job.js';

/**
 * Orders a job: what can be told at once is refused at once, and nothing else is done than to write it
 * down. Gives its uuid. Throws InvalidObject, InvalidRSEExpression, RSENotFound, and
 * DIDFilterSyntaxError and its kin for a query that cannot be read.
 */
export async function orderJob(
  tx: Tx,
  order: JobOrder,
  begin: { readonly now: Date; readonly scheduleId?: number },
): Promise<{ readonly id: bigint; readonly uid: string }> {
  await demandReadable(tx, order);
  return await insertJob(tx, order, { ...begin, step: firstStep(order.kind) });
}

/** Throws what orderJob throws. What an expression names may change until its slice. */
export async function demandReadable(tx: Tx, order: JobOrder): Promise<void> {
  switch (order.kind) {
    case 'replicate':
      demandChoice(order.spec);
      parseExpression(order.spec.rule.rseExpression);
      if (order.spec.availableAt !== null) parseExpression(order.spec.availableAt);
      return;
    case 'delete_replicas':
      demandChoice(order.spec);
      demandFiles(order.spec);
      if (order.spec.rseExpression !== null) parseExpression(order.spec.rseExpression);
      return;
    case 'drain':
      await findRse(tx, order.spec.rse);
      if (order.spec.targets !== null) parseExpression(order.spec.targets);
      return;
    case 'rebalance':
      parseExpression(order.spec.from);
      parseExpression(order.spec.to);
      return;
    case 'change':
      if (Object.keys(order.spec.rules).length > 0) return;
      throw new InvalidObject(
        'Problem validating rules: say which, by ids, account, scope, name, state, activity, rse_expression or subscription_id',
        { field: 'rules' },
      );
  }
}

/** Copies are of files: what finds collections would delete nothing. */
function demandFiles({ query }: DidChoice): void {
  const groups = query ? parseFilter(query.filters, query.type).groups : [];
  if (groups.every(({ types }) => types.every((type) => type === DidType.FILE))) return;
  throw new InvalidObject(
    'Problem validating query.type: copies are of files, so it must be file; say all files of a collection by content',
    { field: 'query.type' },
  );
}

/** Exactly one way to say which DIDs, and a query that can be read. */
function demandChoice({ query, content, dids }: DidChoice): void {
  const given = [query, content, dids].filter((choice) => choice !== undefined);
  if (given.length !== 1) {
    throw new InvalidObject(
      'Problem validating a job: say which DIDs by one of query, content and dids',
      { field: 'query' },
    );
  }
  if (query) compileFilter(parseFilter(query.filters, query.type));
}
