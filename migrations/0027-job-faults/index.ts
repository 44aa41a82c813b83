import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** How often the slice of a job that is due broke for no reason of the job, why, and when last. */
const statements = `
ALTER TABLE jobs ADD COLUMN fault text;
ALTER TABLE jobs ADD COLUMN fault_at timestamptz;
ALTER TABLE jobs ADD COLUMN fault_tries int NOT NULL DEFAULT 0;
`;

/** A job says itself that it does not come on. */
export class JobFaults1797465600000 implements MigrationInterface {
  readonly name = 'JobFaults1797465600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE jobs DROP COLUMN fault_tries;
      ALTER TABLE jobs DROP COLUMN fault_at;
      ALTER TABLE jobs DROP COLUMN fault;`);
  }
}
