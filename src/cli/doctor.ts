import { loadConfig, prepareStateDirectory } from '../config/index.js';
import { findEmbedded, startEmbedded } from '../db/embedded/index.js';
import { type Database, migrateDatabase, openDatabase } from '../db/index.js';
import {
  type Check,
  type CheckReport,
  checkRecords,
  checks,
  checksNamed,
  doctorTerms,
  lookOver,
  type NamedDenial,
  textOf,
} from '../doctor/index.js';
import { entities } from '../entities.js';
import { UsageError } from './service.js';

export interface DoctorOptions {
  readonly repair?: boolean;
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly status?: boolean;
}

/**
 * `sluice doctor`: looks over the whole catalogue, beside whatever else is at work on it. Exit code 0
 * where all is as it must be, or was mended; 1 where something is not.
 */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  const config = loadConfig();
  const chosen = chosenChecks(options.only);
  const { url, close } = await theDatabase(config.database.url, config.state.directory);
  try {
    const db = await openDatabase({ ...config.database, url, entities });
    try {
      if (options.status) return await printStatus(db, options.json === true);
      const now = new Date();
      const terms = {
        ...doctorTerms(config, now),
        repair: options.repair === true,
        clock: () => new Date(),
      };
      const reports: CheckReport[] = [];
      for (const check of chosen) {
        const started = performance.now();
        const each = options.json ? undefined : tellMends;
        const report = await lookOver(db, check, terms, each);
        reports.push(report);
        if (!options.json) console.log(lineOf(report, performance.now() - started));
      }
      if (options.json) console.log(JSON.stringify(reports.map(plain), null, 2));
      else console.log(summaryOf(reports, options));
      if (reports.some(isUnmended)) process.exitCode = 1;
    } finally {
      await db.close();
    }
  } finally {
    await close();
  }
}

/** Throws UsageError that names the unknown check, and those there are. */
function chosenChecks(names: readonly string[] | undefined): readonly Check[] {
  try {
    return checksNamed(names);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The configured server; or the embedded one, which runs already if a service is up. */
async function theDatabase(
  url: string | undefined,
  stateDir: string,
): Promise<{ url: string; close: () => Promise<void> }> {
  const running = url === undefined ? await findEmbedded(stateDir) : { url };
  if (running) return { url: running.url, close: () => Promise.resolve() };
  prepareStateDirectory(stateDir);
  const embedded = await startEmbedded({ stateDir });
  await migrateDatabase(embedded.url);
  return { url: embedded.url, close: () => embedded.stop() };
}

const isUnmended = ({ found, mended, error }: CheckReport): boolean =>
  error !== null || found > mended;

const tellMends = (found: readonly NamedDenial[], mended: boolean): void => {
  if (mended) for (const denial of found) console.log(`  mended  ${textOf(denial)}`);
};

const plain = ({ check, seen, found, mended, examples, error }: CheckReport) => ({
  check: check.name,
  says: check.says,
  seen,
  found,
  mended,
  examples: examples.map(textOf),
  remedy: check.remedy,
  error,
});

/** `  ok      lock-count   a replica counts its locks (1204332 rows, 0.8 s)`, and what was found. */
function lineOf(report: CheckReport, ms: number): string {
  const { check, seen, found, mended, examples, error } = report;
  const word = found === 0 ? 'ok' : isUnmended(report) ? 'FOUND' : 'MENDED';
  const head = `  ${word.padEnd(8)}${check.name.padEnd(25)}${check.says} (${seen} rows, ${(ms / 1000).toFixed(1)} s)`;
  // What was mended has been told one by one.
  if (found === 0 || !isUnmended(report)) return head;
  const more = found > examples.length ? [`            and ${found - examples.length} more`] : [];
  return [
    head,
    ...examples.map((denial) => `            ${textOf(denial)}`),
    ...more,
    ...(mended < found ? [`            remedy: ${check.remedy}`] : []),
    ...(error === null ? [] : [`            could not be mended: ${error}`]),
  ].join('\n');
}

function summaryOf(reports: readonly CheckReport[], options: DoctorOptions): string {
  const found = reports.reduce((sum, report) => sum + report.found, 0);
  const mended = reports.reduce((sum, report) => sum + report.mended, 0);
  if (found === 0) return `\nAll is as it must be: ${reports.length} checks.`;
  const left = found - mended;
  if (left <= 0) return `\nFound ${found}, mended all of them; each is in the record of changes.`;
  const hint = options.repair ? '' : ' `sluice doctor --repair` mends what has a remedy.';
  return `\nFound ${found}, mended ${mended}.${hint}`;
}

/** What the daemon and earlier looks have found. */
async function printStatus(db: Database, json: boolean): Promise<void> {
  const records = new Map((await db.read(checkRecords)).map((record) => [record.name, record]));
  if (json) return console.log(JSON.stringify([...records.values()], withText, 2));
  for (const { name } of checks) {
    const record = records.get(name);
    const last = record?.lastRound;
    const said = last
      ? `${last.found === 0 ? 'ok' : `found ${last.found}, mended ${last.mended}`}, at ${last.endedAt}`
      : 'not looked at yet';
    const now = record?.round
      ? `; under way: ${record.round.seen} rows, found ${record.round.found}`
      : '';
    console.log(`  ${name.padEnd(25)}${said}${now}`);
    for (const example of last?.found ? last.examples : []) console.log(`            ${example}`);
  }
}

const withText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
