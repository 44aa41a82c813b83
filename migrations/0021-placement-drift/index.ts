import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
ALTER TABLE rule_drifts
  -- Why the rule's placement would not have the copies there; null: its expression does not name the RSE.
  ADD COLUMN why jsonb;
ALTER TABLE resolved_expressions
  -- Of a placement: its constraints, the weight of parts without one, and what each RSE is to it.
  ADD COLUMN constraints jsonb,
  ADD COLUMN weight text,
  ADD COLUMN places jsonb;
`;

const down = `
DELETE FROM resolved_expressions WHERE constraints IS NOT NULL;
ALTER TABLE resolved_expressions DROP COLUMN places, DROP COLUMN weight, DROP COLUMN constraints;
DELETE FROM rule_drifts WHERE why IS NOT NULL;
ALTER TABLE rule_drifts DROP COLUMN why;
`;

/** Drift of how the copies of a rule stand to each other. */
export class PlacementDrift1796947200000 implements MigrationInterface {
  readonly name = 'PlacementDrift1796947200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(down);
  }
}
