import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Nothing looks a request up by its uid, and 122 random bits need no index to differ: it cost each
 * request 24 bytes and a write to a random page.
 */
export class AttemptUids1795651200000 implements MigrationInterface {
  readonly name = 'AttemptUids1795651200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE requests DROP CONSTRAINT requests_uid_key');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE requests ADD CONSTRAINT requests_uid_key UNIQUE (uid)');
  }
}
