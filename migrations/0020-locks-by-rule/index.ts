import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What a rule holds of one file is found without the file's other locks, of which there may be a thousand, and
 * without the rule's other locks, whatever the planner expects of either; and a rule's locks are read in the
 * order of their files. Under the name that the index had.
 */
const up = `
DROP INDEX locks_rule_id_idx;
CREATE INDEX locks_rule_id_idx ON locks (rule_id, did_id);
`;

const down = `
DROP INDEX locks_rule_id_idx;
CREATE INDEX locks_rule_id_idx ON locks (rule_id);
`;

/** Locks are found by their rule and their file. */
export class LocksByRule1796860800000 implements MigrationInterface {
  readonly name = 'LocksByRule1796860800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(down);
  }
}
