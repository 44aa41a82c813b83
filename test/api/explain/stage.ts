import { expect } from '@jest/globals';
import { type Method } from 'axios';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { type Reconciler } from '../../../src/daemons/runtime/index.js';
import { execute, one, rows, sql } from '../../../src/db/index.js';
import { failCopies } from '../../../src/replicas/index.js';
import { rulesTerms, stickCopies } from '../../../src/rules/index.js';
import { type Cause, type CopyKey } from '../../../src/vocabulary/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';
import { shift } from '../../support/shift.js';

export interface Remedy {
  readonly what: string;
  readonly who: string;
  readonly method: Method;
  readonly path: string;
  readonly body: object | null;
}

export interface Explained {
  readonly state: string;
  readonly summary: string;
  readonly lines: readonly string[];
  readonly next: readonly string[];
  readonly groups: readonly {
    readonly standing: string;
    readonly sentence: string;
    readonly next: string;
    readonly next_try: string | null;
    readonly remedies: readonly Remedy[];
  }[];
  readonly remedies: readonly Remedy[];
  readonly facts: Record<string, unknown>;
}

/** A lake with the rules of alice, whose troubles are played, and remedies that are sent as they stand. */
export interface Stage {
  readonly api: TestApi;
  readonly alice: Call;
  /** Every remedy that was sent. */
  readonly sent: readonly Remedy[];
  /** A dataset of these files, each with a copy at every one of the RSEs. */
  dataset(name: string, files: readonly string[], ...rses: string[]): Promise<void>;
  /** Gives the id of alice's new rule. */
  rule(did: string, rseExpression: string, more?: object): Promise<string>;
  explain(path: string): Promise<Explained>;
  /** Sends the one remedy of an explanation whose words begin so, from whoever may. */
  mend(path: string, what: string): Promise<Remedy>;
  /** A shift of each. */
  work(...daemons: ((config: ReturnType<typeof loadConfig>) => Reconciler)[]): Promise<void>;
  /** All transfers of a rule to an RSE fail for good; A-DISK was their source. */
  fail(rse: string, cause: Cause): Promise<void>;
  /** What the rule's locks are: `B-DISK REPLICATING`, each once. */
  locks(id: string): Promise<string[]>;
  state(id: string): Promise<unknown>;
  copy(file: string, rse: string): Promise<{ state: string; tombstone: Date | null } | undefined>;
  /** The id of the one request for a file. */
  request(file: string): Promise<string>;
}

const PATIENT = { rules: { lockRetrySeconds: 7200, deleteGraceSeconds: 3600 } } as const;

export async function stage(): Promise<Stage> {
  const api = await startApi({ overrides: PATIENT });
  const config = loadConfig({
    file: bundledConfigFile('test'),
    environment: {},
    overrides: PATIENT,
  });
  const alice = await api.person('alice');
  await api.root('POST', '/accounts/alice/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
  }
  const sent: Remedy[] = [];
  const explain = async (path: string) =>
    (await done(alice('GET', `${path}/explain`))).body as Explained;
  return {
    ...{ api, alice, sent, explain },
    async dataset(name, files, ...rses) {
      const dids = files.map((file) => ({
        ...{ scope: 'lab', name: file, bytes: 10, adler32: '00000001' },
      }));
      const [first] = rses;
      const content = first === undefined ? {} : { dids, rse: first };
      await done(api.root('POST', `/dids/lab/${name}`, { type: 'DATASET', ...content }));
      for (const rse of rses.slice(1))
        await done(api.root('POST', '/replicas', { rse, files: dids }));
    },
    async rule(did, rseExpression, more = {}) {
      const wish = {
        ...{ dids: [{ scope: 'lab', name: did }], copies: 1, account: 'alice' },
        ...{ rse_expression: rseExpression, ...more },
      };
      return ((await done(alice('POST', '/rules/', wish))).body as string[])[0] ?? '';
    },
    async mend(path, what) {
      const { groups, remedies } = await explain(path);
      const all = [...groups.flatMap((group) => group.remedies), ...remedies];
      const told = all.map((remedy) => remedy.what);
      const remedy = all.find((it) => it.what.startsWith(what));
      expect(remedy ? what : told).toBe(what);
      if (!remedy) throw new Error(what);
      const call = remedy.who === 'admin' ? api.root : alice;
      await done(call(remedy.method, remedy.path, remedy.body ?? undefined));
      sent.push(remedy);
      return remedy;
    },
    async work(...daemons) {
      // Drift that is looked at again at once would be looked at as often as may be.
      for (const daemon of daemons) await shift(api.db, daemon(config), { batch: 50 });
    },
    fail: (rse, cause) =>
      api.db.tx(async (tx) => {
        const copies = await rows<CopyKey>(
          tx,
          sql`DELETE FROM requests WHERE rse_id = (SELECT id FROM rses WHERE name = ${rse})
              RETURNING did_id AS "didId", rse_id AS "rseId"`,
        );
        const [source] = await rows<{ id: number }>(
          tx,
          sql`SELECT id FROM rses WHERE name = 'A-DISK'`,
        );
        const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
          ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
        await execute(tx, failCopies(pairs));
        const failures = copies.map((copy) => ({
          ...{ ...copy, cause, sourceRseId: source?.id ?? null },
        }));
        await stickCopies(tx, failures, rulesTerms(config, new Date()));
      }),
    async locks(id) {
      const found = (await alice('GET', `/rules/${id}/locks`)).body as {
        rse: string;
        state: string;
      }[];
      return [...new Set(found.map(({ rse, state }) => `${rse} ${state}`))].sort();
    },
    copy: (file, rse) =>
      api.db.read((tx) =>
        one(
          tx,
          sql`SELECT r.state, r.tombstone FROM replicas r JOIN dids d ON d.id = r.did_id
                JOIN rses e ON e.id = r.rse_id WHERE d.name = ${file} AND e.name = ${rse}`,
        ),
      ),
    async request(file) {
      const found = await api.db.read((tx) =>
        one<{ id: string }>(
          tx,
          sql`SELECT replace(q.uid::text, '-', '') AS id FROM requests q JOIN dids d ON d.id = q.did_id
               WHERE d.name = ${file}`,
        ),
      );
      return found?.id ?? '';
    },
    state: async (id) => {
      const { body } = await alice('GET', `/rules/${id}`);
      return (body as { state?: unknown }).state;
    },
  };
}

async function done(answer: Promise<Answer>): Promise<Answer> {
  const { status, text, ...rest } = await answer;
  expect({ status: status < 300, text }).toEqual({ status: true, text });
  return { status, text, ...rest };
}
