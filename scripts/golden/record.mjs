/**
 * Records test/golden/wire from a real Rucio: `npm run golden`. With names of chapters only those are
 * recorded anew: such as speak of nothing that others made (`npm run golden -- logins`).
 *
 * GOLDEN_URL, GOLDEN_USERNAME and GOLDEN_PASSWORD name a FRESH server (scripts/golden/reference.sh
 * starts one); a server that already knows the story's names answers "duplicate" to it.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Replay } from './replay.mjs';
import { chapters } from './story/index.mjs';

const TARGET =
  process.env.GOLDEN_OUT ?? join(dirname(fileURLToPath(import.meta.url)), '../../test/golden/wire');

const server = {
  url: process.env.GOLDEN_URL ?? 'http://127.0.0.1:8455',
  username: process.env.GOLDEN_USERNAME ?? 'ddmlab',
  password: process.env.GOLDEN_PASSWORD ?? 'secret',
};

await mkdir(TARGET, { recursive: true });
const only = process.argv.slice(2);
if (only.length === 0) {
  for (const old of await readdir(TARGET)) if (old.endsWith('.json')) await rm(join(TARGET, old));
}

const replay = new Replay(server);
let count = 0;
for (const [index, { name, exchanges }] of chapters.entries()) {
  if (only.length > 0 && !only.includes(name)) continue;
  const told = [];
  for (const exchange of exchanges) {
    told.push({ ...exchange, answer: await replay.play(exchange) });
  }
  const file = `${String(index + 1).padStart(2, '0')}-${name}.json`;
  await writeFile(
    join(TARGET, file),
    JSON.stringify({ chapter: name, exchanges: told }, null, 2) + '\n',
  );
  count += told.length;
  process.stdout.write(`${file}: ${told.length} exchanges\n`);
}
process.stdout.write(`${count} exchanges recorded from ${server.url}\n`);
