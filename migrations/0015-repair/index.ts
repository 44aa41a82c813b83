import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
-- What is done about a rule that stays stuck: {"onStuck", "attempts", "afterSeconds", "drift"}; and when its
-- owner was last told.
ALTER TABLE rules ADD COLUMN repair_policy jsonb, ADD COLUMN alerted_at timestamptz;
ALTER TABLE rules_history ADD COLUMN repair_policy jsonb, ADD COLUMN alerted_at timestamptz;

-- How far the doctor has come with each check, what this round has found and what the last one did.
CREATE TABLE doctor_checks (
  check_name text COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL DEFAULT -1,
  looked_at timestamptz NOT NULL DEFAULT '-infinity',
  leased_until timestamptz,
  round jsonb,
  last_round jsonb
);
`;

/** Rules say how they are repaired, and the catalogue is looked over for what must be true of it. */
export class Repair1796428800000 implements MigrationInterface {
  readonly name = 'Repair1796428800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE doctor_checks;
      ALTER TABLE rules DROP COLUMN repair_policy, DROP COLUMN alerted_at;
      ALTER TABLE rules_history DROP COLUMN repair_policy, DROP COLUMN alerted_at;`);
  }
}
