import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
-- How the copies of a rule stand to each other: {"parts": […], "distinct": […], "maxSkew": n}, as asked.
ALTER TABLE rules ADD COLUMN constraints jsonb;
ALTER TABLE rules_history ADD COLUMN constraints jsonb;
-- What makes two rules the same, under the name it had. By a digest: constraints may be longer than an
-- index takes.
ALTER TABLE rules DROP CONSTRAINT rules_did_id_account_id_rse_expression_copies_key;
CREATE UNIQUE INDEX rules_did_id_account_id_rse_expression_copies_key ON rules
  (did_id, account_id, rse_expression, copies, (coalesce(md5(constraints::text), '')));
`;

const down = `
DROP INDEX rules_did_id_account_id_rse_expression_copies_key;
-- Rules that differ in nothing else cannot both be kept by a version that does not know constraints.
ALTER TABLE rules ADD UNIQUE (did_id, account_id, rse_expression, copies);
ALTER TABLE rules_history DROP COLUMN constraints;
ALTER TABLE rules DROP COLUMN constraints;
`;

/** Rules may say how their copies stand to each other, and that is part of what makes them the same. */
export class PlacementConstraints1796256000000 implements MigrationInterface {
  readonly name = 'PlacementConstraints1796256000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(down);
  }
}
