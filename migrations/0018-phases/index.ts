import { type MigrationInterface, type QueryRunner } from 'typeorm';

const columns = `
  -- What the rule wants one after the other: a list, each with the moment it began.
  ADD COLUMN phases jsonb,
  -- The same for all rules that were asked for with these phases.
  ADD COLUMN phases_key uuid,
  -- Which of them holds, from 0, and when somebody looks whether it is over.
  ADD COLUMN phase smallint,
  ADD COLUMN phase_look_at timestamptz,
  -- A former phase, kept until the next one holds: the wire id of the rule that goes on.
  ADD COLUMN phase_of uuid`;

const up = `
ALTER TABLE rules ${columns},
  ADD CHECK ((phases IS NULL) = (phase IS NULL)),
  ADD CHECK ((phases IS NULL) = (phases_key IS NULL));
ALTER TABLE rules_history ${columns};
CREATE INDEX ON rules (phase_look_at) WHERE phase_look_at IS NOT NULL;
CREATE INDEX ON rules (phase_of) WHERE phase_of IS NOT NULL;
CREATE INDEX ON rules_history (phase_of) WHERE phase_of IS NOT NULL;
-- A rule that has come to its last phase is not the same as one that never wanted anything else.
DROP INDEX rules_did_id_account_id_rse_expression_copies_key;
CREATE UNIQUE INDEX rules_did_id_account_id_rse_expression_copies_key ON rules
  (did_id, account_id, rse_expression, copies, (coalesce(md5(constraints::text), '')),
   (coalesce(phases_key::text, '')));
`;

const down = `
DROP INDEX rules_did_id_account_id_rse_expression_copies_key;
CREATE UNIQUE INDEX rules_did_id_account_id_rse_expression_copies_key ON rules
  (did_id, account_id, rse_expression, copies, (coalesce(md5(constraints::text), '')));
ALTER TABLE rules_history DROP COLUMN phases, DROP COLUMN phases_key, DROP COLUMN phase,
  DROP COLUMN phase_look_at, DROP COLUMN phase_of;
ALTER TABLE rules DROP COLUMN phases, DROP COLUMN phases_key, DROP COLUMN phase,
  DROP COLUMN phase_look_at, DROP COLUMN phase_of;
`;

/** One rule may want one thing after the other. */
export class Phases1796688000000 implements MigrationInterface {
  readonly name = 'Phases1796688000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(down);
  }
}
