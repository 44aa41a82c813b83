import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What a rule asks for, as far as it decides where copies may be: the digest under which
 * resolved_expressions knows it. What all rules ask for is read from one to the next that differs, which
 * a million rules have few of, and no rule is read for it.
 */
const up = `
CREATE INDEX rules_asked_idx ON rules ((md5(rse_expression || CASE WHEN constraints IS NULL THEN ''
  ELSE E'\\n' || constraints::text || coalesce(E'\\n' || weight, '') END)::uuid));
`;

/** What rules ask for is found without reading them. */
export class Asked1797379200000 implements MigrationInterface {
  readonly name = 'Asked1797379200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX rules_asked_idx');
  }
}
