import { lit, sql } from '../db/index.js';
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
import { byFile, type Check, denials } from './check.js';
import { didsOf, keysOf } from './holds.js';

const lacks = sql`format('counts %s files and %s bytes too %s', abs(m.files), abs(m.bytes),
  CASE WHEN m.files + m.bytes > 0 THEN 'few' ELSE 'many' END)`;

const accountUsage: Check = {
  name: 'account-usage',
  says: 'an account is charged for its locks',
  remedy: 'the difference is charged or given back',
  derived: true,
  walk: { table: sql`accounts`, key: sql`id`, weight: Infinity },
  denials: (within) =>
    denials(
      { key: sql`m.account_id`, account: sql`m.account_id`, rse: sql`m.rse_id`, fact: lacks },
      sql`(${missingFromAccounts(within)}) m`,
    ),
  mend: async (tx, found) => {
    await chargeAnew(tx, keysOf(found).map(Number));
  },
};

const rseUsage: Check = {
  name: 'rse-usage',
  says: 'a storage element is used by its replicas',
  remedy: 'the difference is noted',
  derived: true,
  walk: { table: sql`rses`, key: sql`id`, weight: Infinity },
  denials: (within) =>
    denials(
      { key: sql`m.rse_id`, rse: sql`m.rse_id`, fact: lacks },
      sql`(${missingFromRses(within)}) m`,
    ),
  mend: async (tx, found) => {
    await recountRses(tx, keysOf(found).map(Number));
  },
};

const datasetSize: Check = {
  name: 'dataset-size',
  says: 'a dataset is as long and as large as its content',
  remedy: 'the difference is noted',
  derived: true,
  walk: byFile(sql`contents`, sql`parent_id`),
  denials: (within) =>
    denials(
      {
        key: sql`m.did_id`,
        did: sql`m.did_id`,
        fact: sql`format('counts %s files and %s bytes too %s', abs(m.length), abs(m.bytes),
          CASE WHEN m.length + m.bytes > 0 THEN 'few' ELSE 'many' END)`,
      },
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
