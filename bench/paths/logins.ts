import { setTimeout } from 'node:timers/promises';
import { passwordsOf } from '../../src/accounts/index.js';
import { lit, sql } from '../../src/db/index.js';
import { IdentityType } from '../../src/vocabulary/index.js';
import { percentile } from '../latency.js';
import { type Lab, PASSWORD } from '../lab.js';
import { type Path } from '../path.js';
import { WireClient } from '../wire-client.js';
import { SCOPE } from './fixtures.js';

const LOGINS = 2000;
/** Logins that wait for their answer at once: jobs that a batch system starts together. */
const AT_ONCE = 500;
/** 2,000 within a minute, with room for the last to be answered. */
const MINUTE_MS = 55_000;
const READ_EVERY_MS = 20;
const READ = 'read_meanwhile';

const accountOf = (at: number): string => `job${String(at).padStart(6, '0')}`;

/** Accounts with a user name and a password each; the same hash, as checking it costs the same. */
async function addAccounts(lab: Lab): Promise<void> {
  const hash = await passwordsOf(lab.config.accounts).hash(PASSWORD);
  const names = Array.from({ length: LOGINS }, (_, at) => accountOf(at));
  await lab.bare(sql`
    WITH made AS (
      INSERT INTO accounts (type, name) SELECT 'S', name FROM unnest(${names}::text[]) name
      RETURNING id, name),
    known AS (
      INSERT INTO identities (type, identity, password_hash)
      SELECT ${lit(IdentityType.USERPASS)}, name, ${hash} FROM made RETURNING id, identity)
    INSERT INTO account_identities (account_id, identity_id, is_default)
    SELECT m.id, k.id, true FROM made m JOIN known k ON k.identity = m.name`);
}

/** What happens beside the logins: reads at a steady rate, whether or not the last is answered. */
class SteadyReads {
  readonly times: number[] = [];
  failures = 0;
  readonly #client: WireClient;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();

  constructor(client: WireClient) {
    this.#client = client;
    this.#timer = setInterval(() => this.#read(), READ_EVERY_MS);
  }

  #read(): void {
    const answered = this.#client.ask('GET', `/dids/${SCOPE}/${READ}`).then(
      ({ ms }) => void this.times.push(ms),
      () => void this.failures++,
    );
    this.#open.add(answered);
    void answered.finally(() => this.#open.delete(answered));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#client.close();
  }
}

/** 2,000 logins, one every `gapMs` or as fast as they go, while somebody reads. */
function logins(whose: string, accountOfLogin: (at: number) => string, gapMs = 0): Path {
  const times: number[] = [];
  let failures = 0;
  return {
    name: `2,000 logins, ${whose}`,
    item: 'login',
    items: LOGINS,
    repetitions: 1,
    targetRate: Math.ceil(LOGINS / 60),
    async run(lab) {
      const reads = new SteadyReads(await new WireClient(lab.url, 10).login('root'));
      const jobs = new WireClient(lab.url, AT_ONCE);
      const answers = await Promise.allSettled(
        Array.from({ length: LOGINS }, async (_, at) => {
          await setTimeout(at * gapMs);
          await jobs.login(accountOfLogin(at));
        }),
      );
      await reads.stop();
      jobs.close();
      times.push(...reads.times);
      failures += reads.failures + answers.filter(({ status }) => status === 'rejected').length;
    },
    figures: () =>
      Promise.resolve([
        { name: 'p50 of get_did meanwhile', value: percentile(times, 50), unit: 'ms' },
        { name: 'p99 of get_did meanwhile', value: percentile(times, 99), unit: 'ms', atMost: 50 },
        { name: 'failures', value: failures, unit: `of ${LOGINS + times.length}`, atMost: 0 },
      ]),
  };
}

/** Jobs that start together and log in by user name and password. */
export const loginPaths: readonly Path[] = [
  {
    ...logins('an account each, within a minute', accountOf, MINUTE_MS / LOGINS),
    async prepare(lab) {
      await addAccounts(lab);
      await lab.root.text('POST', `/dids/${SCOPE}/${READ}`, { type: 'DATASET' });
    },
  },
  logins('the same account, all at once', () => 'root'),
];
