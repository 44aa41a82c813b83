import { pathOf } from '../../src/rses/index.js';
import { memoryStorage, type MemoryStorage } from '../../src/protocols/index.js';
import { adler32Of } from '../support/adler32.js';

/** A call over HTTP as somebody who may do everything. */
export type RootCall = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly body: unknown; readonly text: string }>;

/** A copy as a listing shows it. */
type States = Readonly<Record<string, string>>;

const EVERYTHING = {
  read: 1,
  write: 1,
  delete: 1,
  third_party_copy_read: 1,
  third_party_copy_write: 1,
};

/** What an operator and a data manager do, with bytes in storages of this process. */
export interface MemoryLake {
  readonly scope: string;
  /** A storage element that empties itself of what nothing protects. */
  rse(name: string, attributes?: Readonly<Record<string, string>>, traits?: object): Promise<void>;
  /** Bytes at a storage, registered, in a dataset; `meta` is each file's. */
  upload(
    rse: string,
    dataset: string,
    files: Readonly<Record<string, string>>,
    meta?: object,
  ): Promise<void>;
  rule(dataset: string, copies: number, expression: string, more?: object): Promise<string>;
  ruleState(id: string): Promise<string>;
  /** The RSEs of a file with the state of its copy there. */
  copies(file: string): Promise<States>;
  storage(rse: string): MemoryStorage;
  /** The bytes of a file at a storage as text, or undefined. */
  content(rse: string, file: string): string | undefined;
  damage(rse: string, file: string): void;
}

/** Makes the scope and gives the verbs; `id` keeps the storages of one spec apart from others'. */
export async function memoryLake(
  root: RootCall,
  id: string,
  scope = 'km3net',
): Promise<MemoryLake> {
  const ok = async (...request: Parameters<RootCall>) => {
    const answer = await root(...request);
    if (answer.status >= 300) throw new Error(`${request[1]}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const storage = (rse: string) => memoryStorage(`${rse.toLowerCase()}-${id}`);
  const place = (file: string) => `/data/${pathOf('hash', scope, file)}`;
  await ok('POST', `/accounts/root/scopes/${scope}`);
  return {
    scope,
    storage,
    async rse(name, attributes = {}, traits = {}) {
      await ok('POST', `/rses/${name}`, traits);
      await ok('POST', `/rses/${name}/protocols/memory`, {
        hostname: storage(name).hostname,
        prefix: '/data/',
        impl: 'memory',
        domains: { lan: EVERYTHING, wan: EVERYTHING },
      });
      await ok('POST', `/accounts/root/limits/local/${name}`, { bytes: -1 });
      for (const [key, value] of Object.entries({ greedyDeletion: 'true', ...attributes })) {
        await ok('POST', `/rses/${name}/attr/${key}`, { value });
      }
    },
    async upload(rse, dataset, files, meta = { datatype: 'RAW' }) {
      for (const [file, content] of Object.entries(files)) storage(rse).put(place(file), content);
      const described = Object.entries(files).map(([name, content]) => ({
        scope,
        name,
        bytes: Buffer.byteLength(content),
        adler32: adler32Of(content),
        meta,
      }));
      await ok('POST', '/replicas', { rse, files: described });
      const dids = Object.keys(files).map((name) => ({ scope, name }));
      await ok('POST', `/dids/${scope}/${dataset}`, { type: 'DATASET', dids });
    },
    async rule(dataset, copies, expression, more = {}) {
      const dids = [{ scope, name: dataset }];
      const wish = { dids, copies, rse_expression: expression, grouping: 'DATASET', ...more };
      const [id] = (await ok('POST', '/rules', wish)) as string[];
      return id ?? '';
    },
    ruleState: async (rule) => ((await ok('GET', `/rules/${rule}`)) as { state: string }).state,
    async copies(file) {
      const dids = [{ scope, name: file }];
      const rows = await ok('POST', '/replicas/list', { dids, all_states: true });
      return (rows as { states: States }[])[0]?.states ?? {};
    },
    content: (rse, file) => storage(rse).get(place(file))?.toString(),
    damage: (rse, file) => storage(rse).put(place(file), 'noise'),
  };
}
