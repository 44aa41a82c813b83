import { migrations } from '../../migrations/index.js';
import { dataSource } from './data-source.js';

/** One migration at a time, whoever starts first: an arbitrary constant of ours. */
const MIGRATION_LOCK = 7_402_611;

/**
 * Brings the schema up to this version. Idempotent, and safe when several processes start at once.
 * Gives the names of the migrations that ran.
 */
export async function migrateDatabase(url: string): Promise<string[]> {
  const source = dataSource({
    url,
    poolSize: 2,
    migrations: [...migrations],
    applicationName: 'sluice-migrate',
  });
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const done = await source.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
    await source.destroy();
  }
}
