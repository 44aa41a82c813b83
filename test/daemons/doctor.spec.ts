import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Config } from '../../src/config/index.js';
import { doctor } from '../../src/daemons/doctor.js';
import { type Shift } from '../../src/daemons/runtime/index.js';
import { type Database, rows, sql } from '../../src/db/index.js';
import { checkRecords, checks } from '../../src/doctor/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Patient, patient } from '../doctor/patient.js';

let base: TestDatabase;
let p: Patient;
beforeEach(async () => {
  base = await testDatabase();
  p = await patient(base.db);
});
afterEach(() => base.close());

const configOf = (repair: Config['doctor']['repair'], sliceRows = 2): Config => ({
  ...p.a.config,
  doctor: { repair, sliceRows },
});

/** Shifts until every check has been looked at as a whole, at least once. */
const round = async (repair: Config['doctor']['repair']) => {
  const daemon = doctor(configOf(repair));
  for (let n = 0; n < 1000; n++) {
    await p.a.shift(daemon);
    p.a.pass(1);
    const records = await base.db.read(checkRecords);
    if (records.length === checks.length && records.every(({ lastRound }) => lastRound)) return;
  }
  throw new Error('the round does not end');
};

const recordOf = async (name: string) =>
  (await base.db.read(checkRecords)).find((record) => record.name === name);

const told = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ payload: { check: string; found: number; mended: number } }>(
        tx,
        sql`SELECT payload FROM messages WHERE event_type = 'DOCTOR_FOUND' ORDER BY id`,
      )
    ).map(({ payload }) => payload),
  );

describe('the daemon doctor', () => {
  it('comes round to every check, and says nothing where all is well', async () => {
    await round('all');
    expect((await base.db.read(checkRecords)).map(({ lastRound }) => lastRound?.found)).toEqual(
      checks.map(() => 0),
    );
    expect(await told()).toEqual([]);
    expect(await p.audit()).toEqual([]);
  });

  it('goes on where it was: a slice a shift', async () => {
    const daemon = doctor(configOf('none'));
    const positions: bigint[] = [];
    for (let n = 0; n < checks.length * 2; n++) {
      await p.a.shift(daemon);
      p.a.pass(1);
      const record = await recordOf('lock-count');
      if (record?.round) positions.push(record.position);
    }
    expect(positions.length).toBeGreaterThan(1);
    expect(positions).toEqual(positions.toSorted((x, y) => Number(x - y)));
    expect(positions[0]).toBeLessThan(positions.at(-1) ?? 0n);
  });

  it('mends what is computed by default, and of the rest it tells', async () => {
    await p.write(sql`UPDATE rules SET locks_ok = 7 WHERE id = ${p.well.id}`);
    await p.write(sql`DELETE FROM stuck_locks`);
    await round('derived');
    expect((await told()).map(({ check, found, mended }) => ({ check, found, mended }))).toEqual([
      { check: 'rule-counters', found: 1, mended: 1 },
      { check: 'stuck-without-cause', found: 1, mended: 0 },
    ]);
    expect(await p.audit()).toEqual([
      { action: 'doctor.rule-counters', subject: expect.stringContaining('km3net:run') },
    ]);
    expect(await recordOf('stuck-without-cause')).toMatchObject({
      lastRound: {
        found: 1,
        mended: 0,
        examples: [expect.stringContaining('km3net:f1 at B-DISK')],
      },
    });
    await p.a.audit().catch((error: Error) => expect(error.message).toContain('stuck lock'));
  });

  it('mends all of it, or nothing, where the setting says so', async () => {
    await p.write(sql`DELETE FROM stuck_locks`);
    await round('none');
    expect(await p.audit()).toEqual([]);
    await round('all');
    for (let n = 0; n < checks.length * 8; n++) {
      await p.a.shift(doctor(configOf('all')));
      p.a.pass(1);
    }
    expect(await p.audit()).toHaveLength(1);
    expect(await p.complaints()).toEqual([]);
  });

  it('works with others of its kind: no check is looked at twice at once', async () => {
    const daemons = [1, 2, 3, 4].map(() => doctor(configOf('none', 5000)));
    await Promise.all(daemons.map((daemon) => p.a.shift(daemon)));
    const looked = (await base.db.read(checkRecords)).filter(({ lookedAt }) => lookedAt);
    expect(looked).toHaveLength(4);
  });

  it('that dies between taking a check and telling leaves it to another one, later', async () => {
    const daemon = doctor(configOf('none', 5000));
    const mortal = {
      ...daemon,
      reconcile: (shift: Shift) => daemon.reconcile({ ...shift, db: dying(base.db, 1) }),
    };
    await expect(p.a.shift(mortal)).rejects.toThrow('died');
    for (let n = 0; n < checks.length; n++) await p.a.shift(daemon);
    const left = async () =>
      (await base.db.read(checkRecords)).filter(({ lastRound, round: now }) => !lastRound && !now);
    expect(await left()).toHaveLength(1);
    p.a.pass(601);
    for (let n = 0; n < checks.length; n++) await p.a.shift(daemon);
    expect(await left()).toEqual([]);
  });
});

/** A database that can be used for so many transactions and reads. */
function dying(db: Database, uses: number): Database {
  let left = uses;
  const alive = () => left-- > 0;
  const died = () => Promise.reject(new Error('died'));
  const parts: Pick<Database, 'tx' | 'read'> = {
    tx: (work) => (alive() ? db.tx(work) : died()),
    read: (work) => (alive() ? db.read(work) : died()),
  };
  return Object.assign(Object.create(db) as Database, parts);
}
