/*
 * The requests of the property tests sent to any server that speaks Rucio's REST API, and how many of
 * the answers were server errors:
 *   node --import ./test/support/register-typescript.mjs test/fuzz/beside-rucio.ts URL ACCOUNT PASSWORD [RUNS]
 */
import fc from 'fast-check';
import { Replay } from '../../scripts/golden/replay.mjs';
import { listRoutes } from '../../src/routes.js';
import { requestsFor } from './arbitraries.js';
import { sendRaw } from './send-raw.js';
import { KNOWN, story } from './story.js';

const SEED = 20261121;
const [url = '', account = '', password = '', runs = '10'] = process.argv.slice(2);

/** Of a session; anew after an answer that ended it. */
async function logIn(): Promise<string> {
  const answer = await fetch(`${url}/auth/userpass`, {
    headers: {
      'X-Rucio-Account': 'root',
      'X-Rucio-Username': account,
      'X-Rucio-Password': password,
    },
  });
  return answer.headers.get('x-rucio-auth-token') ?? '';
}

async function ruleIds(token: string): Promise<string[]> {
  const answer = await fetch(`${url}/rules/`, { headers: { 'X-Rucio-Auth-Token': token } });
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

const replay = new Replay({ url, username: account, password });
for (const exchange of story) await replay.play(exchange).catch(() => undefined);
let token = await logIn();
const known = { ...KNOWN, id: [...(await ruleIds(token)), '0'.repeat(32)] };
const statuses = new Map<string, number>();
const failing = new Map<string, number>();
const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);

for (const route of await listRoutes()) {
  const sample = fc.sample(requestsFor(route, known), { seed: SEED, numRuns: Number(runs) });
  for (const { path, headers, body } of sample) {
    const sent = { ...headers, 'X-Rucio-Auth-Token': token };
    const status = await sendRaw(url, { method: route.method, path, headers: sent, body }).then(
      (answer) => String(answer.status),
      () => 'no answer',
    );
    count(statuses, status);
    if (status === 'no answer' || Number(status) >= 500) {
      count(failing, `${route.method} ${route.path} ${status}`);
    }
    if (status === '401') token = await logIn();
  }
}
const lines = [...failing].sort().map(([what, times]) => `${times} × ${what}`);
process.stdout.write(
  `${[JSON.stringify(Object.fromEntries([...statuses].sort())), ...lines].join('\n')}\n`,
);
