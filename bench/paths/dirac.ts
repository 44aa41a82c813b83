import { sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { SCOPE } from './fixtures.js';

const FILES = 10_000;
/** What DIRAC sends at once. */
const LFNS = 100;
const VO = 'benchvo';

/** Directories of a hundred files, or each file in one of its own. */
const lfn = (round: number, at: number, each: number): string =>
  `/${VO}/${SCOPE}/r${round}-${each}/d${Math.floor(at / each)}/KM3NeT_S${at}.raw.jpp-v18.6.0.root`;

async function addFiles(lab: Lab, round: number, each: number): Promise<void> {
  for (let from = 0; from < FILES; from += LFNS) {
    const lfns = Array.from({ length: LFNS }, (_, i) => ({
      lfn: lfn(round, from + i, each),
      rse: 'BENCH1',
      bytes: 1000,
      adler32: '0cc737eb',
    }));
    await lab.root.text('POST', '/dirac/addfiles', { lfns, ignore_availability: true });
  }
}

/** A name, a copy, its lock and its place in a dataset, by one statement a request. */
async function addFilesFloor(lab: Lab, round: number): Promise<void> {
  for (let from = 0; from < FILES; from += LFNS) {
    const names = Array.from({ length: LFNS }, (_, i) => `${lfn(round, from + i, LFNS)}.floor`);
    await lab.bare(sql`
      WITH made AS (
        INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
        SELECT 'F', 1, ${SCOPE}, name, 1000, 1 FROM unnest(${names}::text[]) AS name RETURNING id),
      copies AS (
        INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
        SELECT id, 1, 1000, 'A', 1 FROM made),
      rules AS (
        INSERT INTO rules (did_id, account_id, rse_expression, state, copies, did_grouping, activity,
                           notification, locks_ok)
        SELECT id, 1, 'BENCH1', 'O', 1, 'D', 0, 'N', 1 FROM made RETURNING id, did_id),
      locks AS (
        INSERT INTO locks (rule_id, did_id, rse_id, bytes, state)
        SELECT id, did_id, 1, 1000, 'O' FROM rules)
      INSERT INTO contents (parent_id, child_id) SELECT ${-100n - BigInt(round)}::bigint, id FROM made`);
  }
}

/** DIRAC's files over HTTP, with their directories and a rule each. */
export const dirac: readonly Path[] = [
  {
    name: 'files of DIRAC, 100 a request',
    item: 'file',
    items: FILES,
    async prepare({ root }) {
      await root.text('POST', `/accounts/root/scopes/${VO}`);
      await root.text('POST', '/rses/BENCH1/attr/ANY', { value: 'true' });
    },
    run: (lab, round) => addFiles(lab, round, LFNS),
    floor: addFilesFloor,
  },
  {
    name: 'files of DIRAC, each in a directory of its own, 100 a request',
    item: 'file',
    items: FILES,
    run: (lab, round) => addFiles(lab, round, 1),
  },
];
