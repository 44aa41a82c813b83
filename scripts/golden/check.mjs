/**
 * Tells the golden story to a running server and prints where it answers otherwise.
 *
 *   node scripts/golden/check.mjs URL USERNAME PASSWORD [chapter …]
 *
 * The server must be fresh. Exit code 1 if anything differs beyond scripts/golden/differences.mjs.
 * With `--rucio` those differences are left out: the golden files are compared as they are.
 */
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compare } from './compare.mjs';
import { owed } from './differences.mjs';
import { Replay } from './replay.mjs';

const WIRE = join(dirname(fileURLToPath(import.meta.url)), '../../test/golden/wire');

const asRecorded = process.argv.includes('--rucio');
const [url, username, password, ...only] = process.argv.slice(2).filter((a) => a !== '--rucio');
if (password === undefined) {
  process.stderr.write('usage: check.mjs URL USERNAME PASSWORD [chapter …] [--rucio]\n');
  process.exit(2);
}

const replay = new Replay({ url, username, password });
let told = 0;
let differing = 0;
for (const file of (await readdir(WIRE)).filter((name) => name.endsWith('.json')).sort()) {
  const { chapter, exchanges } = JSON.parse(await readFile(join(WIRE, file), 'utf8'));
  for (const exchange of exchanges) {
    const expected = asRecorded ? exchange.answer : owed({ ...exchange, chapter }).answer;
    let found;
    try {
      found = compare(expected, await replay.play(exchange));
    } catch (error) {
      found = [String(error.message)];
    }
    told += 1;
    if (found.length === 0) continue;
    differing += 1;
    if (only.length > 0 && !only.includes(chapter)) continue;
    process.stdout.write(`${chapter}: ${exchange.title} (${exchange.method} ${exchange.path})\n`);
    for (const line of found) process.stdout.write(`    ${line}\n`);
  }
}
process.stdout.write(`${told} exchanges, ${differing} differ\n`);
process.exit(differing === 0 ? 0 : 1);
