import { execute, rows, type Sql, sql } from '../../src/db/index.js';
import {
  type CheckReport,
  checksNamed,
  doctorTerms,
  type DoctorTerms,
  lookOver,
} from '../../src/doctor/index.js';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { type Database } from '../../src/db/index.js';
import { type Court, court } from '../support/judge.js';
import { trials } from '../daemons/judge/trials.js';

/** A small catalogue with something of everything, in good health; two days old. */
export interface Patient {
  readonly a: Court;
  /** OK: run at A-DISK. */
  readonly well: { readonly id: bigint };
  /** STUCK: run at B-DISK, f1 stuck, f2 and f3 on their way. */
  readonly ill: { readonly id: bigint };
  readonly terms: DoctorTerms & { readonly sliceRows: number };
  write(statement: Sql): Promise<number>;
  /** One check, or all of them one after the other. */
  look(names: readonly string[] | undefined, repair?: boolean): Promise<CheckReport[]>;
  /** `lock-count 1`: what a look over everything finds. */
  complaints(): Promise<string[]>;
  /** What the record of changes has of the doctor's. */
  audit(): Promise<{ action: string; subject: string }[]>;
}

export async function patient(db: Database): Promise<Patient> {
  const a = await court(db);
  const on = trials(a);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
  await a.copies('A-DISK', ['f4']);
  await a.dataset('other');
  const well = await a.rule('run', { rseExpression: 'A-DISK' });
  const ill = await a.rule('run', { rseExpression: 'B-DISK' });
  await a.shift(judgeEvaluator(a.config));
  await on.fail('B-DISK', ['f1']);
  a.pass(2 * 86_400);
  const terms = doctorTerms(a.config, a.now);
  const look = async (names: readonly string[] | undefined, repair = false) => {
    const reports: CheckReport[] = [];
    for (const check of checksNamed(names)) {
      const sliceRows = names === undefined ? 1000 : 2;
      reports.push(await lookOver(db, check, { ...terms, sliceRows, repair, clock: () => a.now }));
    }
    return reports;
  };
  return {
    a,
    well,
    ill,
    terms,
    look,
    write: (statement) => db.tx((tx) => execute(tx, statement)),
    complaints: async () =>
      (await look(undefined))
        .filter(({ found }) => found > 0)
        .map(
          ({ check, found, examples }) =>
            `${check.name} ${found}: ${examples[0]?.subject}: ${examples[0]?.fact}`,
        ),
    audit: () =>
      db.read((tx) =>
        rows(
          tx,
          sql`SELECT action, subject FROM audit WHERE action LIKE 'doctor.%' ORDER BY subject`,
        ),
      ),
  };
}
