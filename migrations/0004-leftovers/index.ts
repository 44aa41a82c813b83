import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Bytes may stand under an attempt's temporary name: the next attempt removes them. */
const statements = `
ALTER TABLE requests ADD COLUMN leftover boolean NOT NULL DEFAULT false;
ALTER TABLE requests_history ADD COLUMN leftover boolean NOT NULL DEFAULT false;
`;

export class Leftovers1795478400000 implements MigrationInterface {
  readonly name = 'Leftovers1795478400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE requests DROP COLUMN leftover;
      ALTER TABLE requests_history DROP COLUMN leftover;`);
  }
}
