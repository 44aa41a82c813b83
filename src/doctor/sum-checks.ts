import { lit, sql, type Sql, type Tx } from '../db/index.js';
import {
  dropBrokenContent,
  dropStrayEvaluations,
  dropStraySizes,
  isBroken,
  missingFromSizes,
  sizeAnew,
} from '../dids/index.js';
import { eraseMetadata } from '../metadata/index.js';
import { missingFromRses, recountRses } from '../replicas/index.js';
import { chargeAnew, missingFromAccounts } from '../rules/index.js';
import { DidType } from '../vocabulary/index.js';
import { byFile, type Check, type Columns, denials, type Within } from './check.js';
import { didsOf, keysOf } from './holds.js';

/** By how much a sum is wrong: `files` and `bytes` that it lacks, or has too many. */
const lacks = (files: Sql): Sql => sql`format('counts %s files and %s bytes too %s', abs(${files}),
  abs(m.bytes), CASE WHEN ${files} + m.bytes > 0 THEN 'few' ELSE 'many' END)`;

/** A check of what is used: rows m that `missing` gives, with the number of its owner in `key`. */
const usage = (
  { name, says, remedy, table }: Pick<Check, 'name' | 'says' | 'remedy'> & { readonly table: Sql },
  columns: Omit<Columns, 'fact'>,
  missing: (within: Within) => Sql,
  mendAll: (tx: Tx, ids: readonly number[]) => Promise<unknown>,
): Check => ({
  name,
  says,
  remedy,
  derived: true,
  walk: { table, key: sql`id`, weight: Infinity },
  denials: (within) =>
    denials({ ...columns, fact: lacks(sql`m.files`) }, sql`(${missing(within)}) m`),
  mend: async (tx, found) => {
    await mendAll(tx, keysOf(found).map(Number));
  },
});

const accountUsage = usage(
  {
    name: 'account-usage',
    says: 'an account is charged for its locks',
    remedy: 'the difference is charged or given back',
    table: sql`accounts`,
  },
  { key: sql`m.account_id`, account: sql`m.account_id`, rse: sql`m.rse_id` },
  missingFromAccounts,
  chargeAnew,
);

const rseUsage = usage(
  {
    name: 'rse-usage',
    says: 'a storage element is used by its replicas',
    remedy: 'the difference is noted',
    table: sql`rses`,
  },
  { key: sql`m.rse_id`, rse: sql`m.rse_id` },
  missingFromRses,
  recountRses,
);

const datasetSize: Check = {
  name: 'dataset-size',
  says: 'a dataset is as long and as large as its content',
  remedy: 'the difference is noted',
  derived: true,
  walk: byFile(sql`contents`, sql`parent_id`),
  denials: (within) =>
    denials(
      { key: sql`m.did_id`, did: sql`m.did_id`, fact: lacks(sql`m.length`) },
      sql`(${missingFromSizes(within)}) m`,
    ),
  mend: async (tx, found) => {
    await sizeAnew(tx, didsOf(found));
  },
};

const contentWithoutDid: Check = {
  name: 'content-without-did',
  says: 'content is of what exists',
  remedy: 'the entry goes into the history of contents',
  walk: byFile(sql`contents`, sql`parent_id`),
  denials: (within) =>
    denials(
      {
        key: sql`c.parent_id`,
        did: sql`c.parent_id`,
        fact: sql`format('collection #%s with child #%s, one of which does not exist', c.parent_id, c.child_id)`,
      },
      sql`contents c WHERE ${within(sql`c.parent_id`)} AND ${isBroken}`,
    ),
  mend: async (tx, found) => {
    await dropBrokenContent(tx, didsOf(found));
    await sizeAnew(tx, didsOf(found));
  },
};

const sizeWithoutDataset: Check = {
  name: 'size-without-dataset',
  says: 'a size is of a dataset',
  remedy: 'it is forgotten',
  walk: byFile(sql`collections`),
  denials: (within) =>
    denials(
      {
        key: sql`x.did_id`,
        did: sql`x.did_id`,
        fact: sql`format('there is no dataset #%s', x.did_id)`,
      },
      sql`(SELECT did_id FROM collections WHERE ${within(sql`did_id`)}
           UNION SELECT did_id FROM collection_deltas WHERE ${within(sql`did_id`)}) x
          WHERE NOT EXISTS (SELECT FROM dids d WHERE d.id = x.did_id AND d.type = ${lit(DidType.DATASET)})`,
    ),
  mend: (tx, found) => dropStraySizes(tx, didsOf(found)),
};

const evaluationWithoutDid: Check = {
  name: 'evaluation-without-did',
  says: 'what waits to be evaluated exists',
  remedy: 'the entry goes',
  walk: { table: sql`updated_dids`, key: sql`id`, weight: 1 },
  denials: (within) =>
    denials(
      {
        key: sql`e.id`,
        did: sql`e.did_id`,
        fact: sql`format('there is no collection #%s', e.did_id)`,
      },
      sql`updated_dids e LEFT JOIN dids d ON d.id = e.did_id WHERE ${within(sql`e.id`)} AND d.id IS NULL`,
    ),
  mend: async (tx, found) => {
    await dropStrayEvaluations(tx, keysOf(found));
  },
};

const evaluationForgotten: Check = {
  name: 'evaluation-forgotten',
  says: 'a change of content has its consequences within a day',
  remedy: 'none: see that a judge-evaluator runs, and what its log says',
  walk: { table: sql`updated_dids`, key: sql`id`, weight: 1 },
  denials: (within, terms) =>
    denials(
      { key: sql`e.id`, did: sql`e.did_id`, fact: sql`format('waits since %s', e.created_at)` },
      sql`updated_dids e JOIN dids d ON d.id = e.did_id
          WHERE ${within(sql`e.id`)} AND e.created_at <= ${terms.since}::timestamptz`,
    ),
};

const metadataWithoutDid: Check = {
  name: 'metadata-without-did',
  says: 'own metadata is of what exists',
  remedy: 'it goes',
  walk: byFile(sql`did_meta`),
  denials: (within) =>
    denials(
      {
        key: sql`m.did_id`,
        did: sql`m.did_id`,
        fact: sql`format('there is no DID #%s', m.did_id)`,
      },
      sql`did_meta m LEFT JOIN dids d ON d.id = m.did_id WHERE ${within(sql`m.did_id`)} AND d.id IS NULL`,
    ),
  mend: (tx, found) => eraseMetadata(tx, didsOf(found)),
};

/** Sums, and what hangs on names. */
export const sumChecks: readonly Check[] = [
  accountUsage,
  rseUsage,
  contentWithoutDid,
  datasetSize,
  sizeWithoutDataset,
  evaluationWithoutDid,
  evaluationForgotten,
  metadataWithoutDid,
];
