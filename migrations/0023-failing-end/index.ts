import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The attempt failed at its destination: what its cause does not say, where a storage does not answer. */
const statements = `
ALTER TABLE requests ADD COLUMN destination_failed boolean NOT NULL DEFAULT false;
ALTER TABLE requests_history ADD COLUMN destination_failed boolean NOT NULL DEFAULT false;
`;

/** A source is not blamed for what its destination did. */
export class FailingEnd1797120000000 implements MigrationInterface {
  readonly name = 'FailingEnd1797120000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE requests DROP COLUMN destination_failed;
      ALTER TABLE requests_history DROP COLUMN destination_failed;`);
  }
}
