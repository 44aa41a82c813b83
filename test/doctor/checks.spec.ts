import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sql, sql } from '../../src/db/index.js';
import { checks } from '../../src/doctor/index.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Patient, patient } from './patient.js';

let base: TestDatabase;
let p: Patient;
beforeEach(async () => {
  base = await testDatabase();
  p = await patient(base.db);
});
afterEach(() => base.close());

const did = (name: string) => sql`(SELECT id FROM dids WHERE name = ${name})`;
const rse = (name: string) => sql`(SELECT id FROM rses WHERE name = ${name})`;
const at = (name: string, where: string) => sql`did_id = ${did(name)} AND rse_id = ${rse(where)}`;
const old = sql`timestamptz '2026-11-01'`;

/** How a healthy catalogue is broken, and whom the doctor then names. */
interface Harm {
  readonly check: string;
  readonly how: string;
  readonly harm: () => readonly Sql[];
  readonly subject: RegExp;
}

const harms: readonly Harm[] = [
  {
    check: 'lock-count',
    how: 'a copy counts too many locks',
    harm: () => [sql`UPDATE replicas SET lock_cnt = 3 WHERE ${at('f1', 'A-DISK')}`],
    subject: /^km3net:f1 at A-DISK$/,
  },
  {
    check: 'lock-count',
    how: 'a locked copy counts none, and may be deleted',
    harm: () => [sql`UPDATE replicas SET lock_cnt = 0 WHERE ${at('f1', 'A-DISK')}`],
    subject: /^km3net:f1 at A-DISK$/,
  },
  {
    check: 'locked-tombstone',
    how: 'a locked copy is due for deletion',
    harm: () => [
      sql`UPDATE replicas SET lock_cnt = 0, tombstone = 'epoch' WHERE ${at('f1', 'A-DISK')}`,
    ],
    subject: /^km3net:f1 at A-DISK$/,
  },
  {
    check: 'lock-without-replica',
    how: 'a copy has vanished from the catalogue',
    harm: () => [sql`DELETE FROM replicas WHERE ${at('f1', 'A-DISK')}`],
    subject: /^km3net:f1 at A-DISK rule [0-9a-f]{32}$/,
  },
  {
    check: 'lock-without-rule',
    how: 'a lock is of a rule that there is not',
    harm: () => [
      sql`INSERT INTO locks (did_id, rule_id, bytes, rse_id, state)
          VALUES (${did('f4')}, 999999, 100, ${rse('A-DISK')}, 'O')`,
      sql`UPDATE replicas SET lock_cnt = 1 WHERE ${at('f4', 'A-DISK')}`,
    ],
    subject: /^km3net:f4 at A-DISK rule #999999$/,
  },
  {
    check: 'lock-without-file',
    how: 'a lock is on a file that there is not',
    harm: () => [
      sql`INSERT INTO locks (did_id, rule_id, bytes, rse_id, state)
          VALUES (999999, ${p.well.id}, 100, ${rse('A-DISK')}, 'O')`,
    ],
    subject: /^#999999 at A-DISK rule/,
  },
  {
    check: 'lock-state',
    how: 'a lock waits for a copy that is there',
    harm: () => [sql`UPDATE locks SET state = 'R' WHERE ${at('f1', 'A-DISK')}`],
    subject: /^km3net:f1 at A-DISK/,
  },
  {
    check: 'lock-state',
    how: 'a lock is OK, and its copy cannot be read',
    harm: () => [sql`UPDATE replicas SET state = 'U' WHERE ${at('f2', 'A-DISK')}`],
    subject: /^km3net:f2 at A-DISK/,
  },
  {
    check: 'stuck-without-cause',
    how: 'a stuck lock would never be tried again',
    harm: () => [sql`DELETE FROM stuck_locks`],
    subject: /^km3net:f1 at B-DISK/,
  },
  {
    check: 'cause-without-lock',
    how: 'an OK lock has a cause for being stuck',
    harm: () => [
      sql`INSERT INTO stuck_locks (did_id, rule_id, rse_id, cause)
          VALUES (${did('f1')}, ${p.well.id}, ${rse('A-DISK')}, 'DEST_FULL')`,
    ],
    subject: /^km3net:f1 at A-DISK/,
  },
  {
    check: 'rule-counters',
    how: 'a rule counts locks that it has not',
    harm: () => [sql`UPDATE rules SET locks_ok = 7 WHERE id = ${p.well.id}`],
    subject: /^km3net:run rule [0-9a-f]{32} account shore$/,
  },
  {
    check: 'rule-state',
    how: 'a rule is replicating, and nothing is on its way',
    harm: () => [sql`UPDATE rules SET state = 'R' WHERE id = ${p.well.id}`],
    subject: /^km3net:run rule/,
  },
  {
    check: 'rule-state',
    how: 'nobody would ever look at a stuck rule',
    harm: () => [sql`UPDATE rules SET repair_at = NULL WHERE id = ${p.ill.id}`],
    subject: /^km3net:run rule/,
  },
  {
    check: 'rule-locks',
    how: 'a file of the DID has no lock, and no evaluation is pending',
    harm: () => [
      sql`INSERT INTO contents (parent_id, child_id) VALUES (${did('run')}, ${did('f4')})`,
    ],
    subject: /^km3net:run rule/,
  },
  {
    check: 'rule-locks',
    how: 'a rule holds a file that is not below its DID',
    harm: () => [sql`DELETE FROM contents WHERE child_id = ${did('f3')}`],
    subject: /^km3net:run rule/,
  },
  {
    check: 'rule-forgotten',
    how: 'a rule was to be placed days ago',
    harm: () => [
      sql`UPDATE rules SET state = 'I', inject_at = ${old}, updated_at = ${old} WHERE id = ${p.well.id}`,
    ],
    subject: /^km3net:run rule/,
  },
  {
    check: 'waiting-without-request',
    how: 'nobody brings a copy that is waited for',
    harm: () => [sql`DELETE FROM requests WHERE ${at('f2', 'B-DISK')}`],
    subject: /^km3net:f2 at B-DISK/,
  },
  {
    check: 'waiting-without-request',
    how: 'a copy is wanted again while it is deleted, and nothing will ask for it',
    harm: () => [
      sql`DELETE FROM requests WHERE ${at('f2', 'B-DISK')}`,
      sql`UPDATE replicas SET state = 'B' WHERE ${at('f2', 'B-DISK')}`,
    ],
    subject: /^km3net:f2 at B-DISK/,
  },
  {
    check: 'replica-without-file',
    how: 'a copy is of no file',
    harm: () => [
      sql`INSERT INTO replicas (did_id, rse_id, bytes, state) VALUES (999999, ${rse('A-DISK')}, 1, 'A')`,
    ],
    subject: /^#999999 at A-DISK$/,
  },
  {
    check: 'copy-bytes',
    how: 'a copy has another size than its file',
    harm: () => [
      sql`UPDATE replicas SET bytes = 7 WHERE ${at('f1', 'A-DISK')}`,
      sql`UPDATE locks SET bytes = 7 WHERE ${at('f1', 'A-DISK')}`,
    ],
    subject: /^km3net:f1 at A-DISK/,
  },
  {
    check: 'deletion-without-lease',
    how: 'nobody deletes what is being deleted',
    harm: () => [sql`UPDATE replicas SET state = 'B' WHERE ${at('f4', 'A-DISK')}`],
    subject: /^km3net:f4 at A-DISK$/,
  },
  {
    check: 'bad-undeclared',
    how: 'a bad copy would never be replaced',
    harm: () => [
      sql`UPDATE replicas SET state = 'D', tombstone = 'epoch' WHERE ${at('f4', 'A-DISK')}`,
    ],
    subject: /^km3net:f4 at A-DISK$/,
  },
  {
    check: 'upload-forgotten',
    how: 'an upload that nobody ever said was there would be one for ever',
    harm: () => [sql`UPDATE replicas SET state = 'C' WHERE ${at('f4', 'A-DISK')}`],
    subject: /^km3net:f4 at A-DISK$/,
  },
  {
    check: 'unreadable-kept',
    how: 'a bad copy that nobody holds would stay for ever',
    harm: () => [sql`UPDATE replicas SET state = 'D' WHERE ${at('f4', 'A-DISK')}`],
    subject: /^km3net:f4 at A-DISK$/,
  },
  {
    check: 'guard-without-copy',
    how: 'a copy that is not there is guarded',
    harm: () => [
      sql`INSERT INTO guarded_copies (did_id, rse_id, cause) VALUES (${did('f1')}, ${rse('C-DISK')}, 'move')`,
    ],
    subject: /^km3net:f1 at C-DISK$/,
  },
  {
    check: 'request-without-lock',
    how: 'a copy is asked for that nothing wants',
    harm: () => [
      sql`INSERT INTO requests (did_id, rse_id, bytes, account_id)
          VALUES (${did('f4')}, ${rse('C-DISK')}, 100, ${p.a.accountId})`,
      sql`INSERT INTO requests (did_id, rse_id, bytes, account_id, created_at)
          VALUES (${did('f4')}, ${rse('A-DISK')}, 100, ${p.a.accountId}, ${old})`,
    ],
    subject: /^km3net:f4 at [AC]-DISK$/,
  },
  {
    check: 'path-without-copy',
    how: 'a path is taken by nothing',
    harm: () => [
      sql`INSERT INTO replica_paths (did_id, rse_id, path) VALUES (${did('f4')}, ${rse('C-DISK')}, '/x')`,
    ],
    subject: /^km3net:f4 at C-DISK$/,
  },
  {
    check: 'account-usage',
    how: 'an account is charged for nothing',
    harm: () => [
      sql`INSERT INTO account_usage_deltas (account_id, rse_id, files, bytes)
          VALUES (${p.a.accountId}, ${rse('C-DISK')}, 2, 200)`,
    ],
    subject: /^at C-DISK account shore$/,
  },
  {
    check: 'rse-usage',
    how: 'a storage element counts what it has not',
    harm: () => [
      sql`INSERT INTO rse_usage_deltas (rse_id, files, bytes) VALUES (${rse('C-DISK')}, 2, 200)`,
    ],
    subject: /^at C-DISK$/,
  },
  {
    check: 'dataset-size',
    how: 'a dataset has another length than its content',
    harm: () => [
      sql`INSERT INTO collection_deltas (did_id, length, bytes) VALUES (${did('other')}, 2, 200)`,
    ],
    subject: /^km3net:other$/,
  },
  {
    check: 'content-without-did',
    how: 'content is of what does not exist',
    harm: () => [
      sql`INSERT INTO contents (parent_id, child_id) VALUES (${did('other')}, 999999), (999998, ${did('f1')})`,
    ],
    subject: /^(km3net:other|#999998)$/,
  },
  {
    check: 'size-without-dataset',
    how: 'a size is of nothing',
    harm: () => [sql`INSERT INTO collections (did_id, length, bytes) VALUES (999999, 1, 1)`],
    subject: /^#999999$/,
  },
  {
    check: 'evaluation-without-did',
    how: 'what does not exist waits to be evaluated',
    harm: () => [
      sql`INSERT INTO updated_dids (did_id, child_from, child_to, action) VALUES (999999, 0, 1, 'A')`,
    ],
    subject: /^#999999$/,
  },
  {
    check: 'metadata-without-did',
    how: 'metadata is of nothing',
    harm: () => [sql`INSERT INTO did_meta (did_id, meta) VALUES (999999, '{}')`],
    subject: /^#999999$/,
  },
];

describe('the doctor', () => {
  it('has nothing to say of a healthy catalogue', async () => {
    expect(await p.complaints()).toEqual([]);
  });

  it('knows a harm for every check that has a remedy', () => {
    const harmed = new Set(harms.map(({ check }) => check));
    const untried = checks.filter(({ name, mend }) => mend && !harmed.has(name));
    expect(untried.map(({ name }) => name)).toEqual([]);
  });

  it.each(harms.map((harm) => [`${harm.check}: ${harm.how}`, harm] as const))(
    'finds and mends %s',
    async (_title, { check, harm, subject }) => {
      for (const statement of harm()) expect(await p.write(statement)).toBeGreaterThan(0);
      const [found] = await p.look([check]);
      expect(found?.found).toBeGreaterThan(0);
      expect(found?.examples[0]?.subject).toMatch(subject);

      const [mended] = await p.look([check], true);
      expect(mended).toMatchObject({ found: found?.found, mended: found?.found, error: null });
      expect(await p.look([check])).toMatchObject([{ found: 0 }]);
      const record = await p.audit();
      expect(record.map(({ action }) => action)).toContain(`doctor.${check}`);
      expect(record.every(({ subject: named }) => subject.test(named))).toBe(true);

      // What followed from it is put right by the checks to which it belongs, and the injector.
      await p.look(undefined, true);
      await p.a.shift(judgeInjector(p.a.config));
      expect(await p.complaints()).toEqual([]);
      await p.a.audit();
    },
  );

  it('only tells what nobody but a person can mend', async () => {
    await p.write(sql`INSERT INTO updated_dids (did_id, child_from, child_to, action, created_at)
      VALUES (${did('run')}, 0, 1, 'A', ${old})`);
    expect(await p.look(['evaluation-forgotten'], true)).toMatchObject([{ found: 1, mended: 0 }]);
  });

  it('looks a second time, and does not tell what has gone meanwhile', async () => {
    await p.write(sql`UPDATE rules SET locks_ok = 7 WHERE id = ${p.well.id}`);
    const [first, second] = await Promise.all([
      p.look(['rule-counters'], true),
      p.look(['rule-counters'], true),
    ]);
    const mended = [...first, ...second].reduce((sum, report) => sum + report.mended, 0);
    expect(mended).toBe(1);
    expect(await p.audit()).toHaveLength(1);
  });

  it('mends sums once, however many doctors there are', async () => {
    await p.write(
      sql`INSERT INTO rse_usage_deltas (rse_id, files, bytes) VALUES (${rse('C-DISK')}, 2, 200)`,
    );
    await Promise.all([1, 2, 3].map(() => p.look(['rse-usage'], true)));
    expect(await p.complaints()).toEqual([]);
    expect(await p.audit()).toHaveLength(1);
  });
});
