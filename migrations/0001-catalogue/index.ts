import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { accounts } from './accounts.js';
import { copies } from './copies.js';
import { dids } from './dids.js';
import { records } from './records.js';
import { rses } from './rses.js';
import { rules } from './rules.js';

/** The whole first catalogue. */
export class Catalogue1795219200000 implements MigrationInterface {
  readonly name = 'Catalogue1795219200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statements of [accounts, rses, dids, copies, rules, records]) {
      await runner.query(statements);
    }
  }

  down(): Promise<void> {
    return Promise.reject(
      new Error('the first migration is not reversible: drop the database instead'),
    );
  }
}
