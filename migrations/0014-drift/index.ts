import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Rules hold copies where their expressions do not lead any more: where, since when, how many. */
const statements = `
CREATE TABLE rule_drifts (
  rule_id bigint NOT NULL REFERENCES rules ON DELETE CASCADE,
  -- How many locks; null: not counted yet, perhaps there is none.
  locks bigint CHECK (locks > 0),
  since timestamptz NOT NULL,
  -- When the judge looks at it again.
  due_at timestamptz NOT NULL,
  rse_id int NOT NULL REFERENCES rses,
  -- Why its copies could not be placed elsewhere.
  error text,
  PRIMARY KEY (rule_id, rse_id)
);
CREATE INDEX ON rule_drifts (due_at);
CREATE INDEX ON rule_drifts (rse_id);

-- What each expression of a rule named when the judge looked last. The digest: an expression may be
-- longer than a key of an index.
CREATE TABLE resolved_expressions (
  digest uuid PRIMARY KEY,
  resolved_at timestamptz NOT NULL,
  rse_expression text NOT NULL,
  -- Their ids.
  rses jsonb NOT NULL
);
-- What is stuck at an RSE.
CREATE INDEX ON stuck_locks (rse_id);
CREATE INDEX rules_rse_expression_idx ON rules USING hash (rse_expression);
`;

export class Drift1796342400000 implements MigrationInterface {
  readonly name = 'Drift1796342400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX rules_rse_expression_idx, stuck_locks_rse_id_idx;
      DROP TABLE resolved_expressions; DROP TABLE rule_drifts`);
  }
}
