import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The naming scheme `dirac` has longer names with more characters. None of them has to be escaped in
 * JSON, XML or a path. NOT VALID: what is there is narrower, and a catalogue of 10^7 need not be read.
 */
export class PathLikeNames1795910400000 implements MigrationInterface {
  readonly name = 'PathLikeNames1795910400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE dids DROP CONSTRAINT dids_name_check,
        ADD CONSTRAINT dids_name_check
          CHECK (name ~ '^[/A-Za-z0-9][/A-Za-z0-9._+=,@~-]*$' AND length(name) <= 500) NOT VALID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE dids DROP CONSTRAINT dids_name_check,
        ADD CONSTRAINT dids_name_check
          CHECK (name ~ '^[/A-Za-z0-9][/A-Za-z0-9._-]*$' AND length(name) <= 250) NOT VALID`);
  }
}
