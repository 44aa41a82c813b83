/*
 * `npm run bench:clients [-- options]`: Sluice and a real Rucio, one after the other on this machine,
 * measured through the published Python client (bench/client), and the table of both.
 *
 *   --server sluice|rucio   only this one
 *   --quick                 2 minutes a server instead of 10; --files, --calls, --repetitions say exactly
 *   --json FILE             writes what was measured
 *   --from FILE             instead of measuring, reads such a file; may be given twice
 *   --write                 puts the table into docs/performance.md
 *
 * Rucio is installed below .interop/reference; it needs root and Debian (scripts/golden/reference.sh).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Interrupted } from '../../test/interop/run/programs.js';
import { measureServer } from './measure.js';
import { writePage } from './page.js';
import { SERVERS, type ServerName, type ServerRun, type Sizes } from './results.js';
import { compare } from './table.js';

const QUICK: Sizes = { files: 1_000, calls: 20, repetitions: 3, idle: 10 };
const FULL: Sizes = { files: 10_000, calls: 50, repetitions: 3, idle: 10 };

const { values: options } = parseArgs({
  options: {
    server: { type: 'string' },
    quick: { type: 'boolean', default: false },
    files: { type: 'string' },
    calls: { type: 'string' },
    repetitions: { type: 'string' },
    json: { type: 'string' },
    from: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});

/** Throws RangeError for a server that nobody knows. */
function serversOf(name: string | undefined): readonly ServerName[] {
  if (name === undefined) return SERVERS;
  const known = SERVERS.filter((each) => each === name);
  if (known.length === 0) throw new RangeError(`--server takes ${SERVERS.join(' or ')}`);
  return known;
}

function sizesOf({ quick, ...given }: typeof options): Sizes {
  const preset = quick ? QUICK : FULL;
  const number = (name: 'files' | 'calls' | 'repetitions') => Number(given[name] ?? preset[name]);
  const sizes = {
    ...preset,
    files: number('files'),
    calls: number('calls'),
    repetitions: number('repetitions'),
  };
  // Small rules are over a hundred files of their own, and a fifth of the files gets metadata.
  const right = Object.values(sizes).every((size) => Number.isInteger(size) && size > 0);
  if (!right || sizes.files < 100) throw new RangeError('sizes are numbers, of files at least 100');
  return sizes;
}

async function measureAll(): Promise<ServerRun[]> {
  const runs: ServerRun[] = [];
  for (const name of serversOf(options.server)) {
    console.log(`\n== ${name}`);
    runs.push(await measureServer(name, sizesOf(options)));
  }
  return runs;
}

const read = (file: string): ServerRun[] => JSON.parse(readFileSync(file, 'utf8')) as ServerRun[];

/** Measures or reads, and tells, writes and prints what was asked for. */
async function main(): Promise<void> {
  const runs = options.from.length > 0 ? options.from.flatMap(read) : await measureAll();
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(runs, null, 1));
  const [sluice, rucio] = SERVERS.map((name) => runs.find((run) => run.name === name));
  if (sluice && rucio) {
    const tables = compare(sluice, rucio);
    console.log(`\n${tables}`);
    if (options.write) console.log(`\nwritten to ${writePage(tables)}`);
  } else if (options.write) throw new Error('--write needs both servers');
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = 130;
}
