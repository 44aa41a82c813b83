import { type Method } from 'axios';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { rulesTerms } from '../../../src/rules/index.js';
import { serveNewDids } from '../../../src/subscriptions/index.js';
import { type Answer, type TestApi } from '../../support/api.js';

export const SCOPE = 'km3net';

/** A request that is to be sent. */
export type Sent = readonly [method: Method, path: string, body?: unknown];

/** Prepares and gives the request of one kind that speaks of `size` things; `tag` names what is its own. */
export type Sized = (lake: SizedLake, size: number, tag: string) => Promise<Sent> | Sent;

/** What requests speak of, made by requests. Every name begins with the tag it was made for. */
export interface SizedLake {
  send(...request: Sent): Promise<Answer>;
  /** Names of things that are not there yet. */
  names(tag: string, size: number): { scope: string; name: string }[];
  /** Files with copies at the RSEs. */
  files(tag: string, size: number, ...rses: string[]): Promise<{ scope: string; name: string }[]>;
  /** The same in the dataset `tag`. */
  dataset(tag: string, size: number): Promise<{ scope: string; name: string }[]>;
  /** Empty datasets. */
  datasets(tag: string, size: number): Promise<{ scope: string; name: string }[]>;
  /** A rule over such a dataset to B-DISK; its id. */
  rule(tag: string, size: number): Promise<string>;
  /** Shows what is new to the subscriptions. */
  showNew(): Promise<void>;
  /** A scope of root's, made where it is missing. */
  scope(name: string): Promise<void>;
  /** Where the files stand at an RSE. */
  pfns(rse: string, files: readonly { scope: string; name: string }[]): Promise<string[]>;
}

const EVERYTHING = { read: 1, write: 1, delete: 1 };

export const ruleOn = (dids: unknown, more: object = {}) => ({
  dids,
  account: 'root',
  copies: 1,
  rse_expression: 'B-DISK',
  ...more,
});

/** Three RSEs, and verbs that fill them. */
export async function sizedLake(api: TestApi): Promise<SizedLake> {
  const send = async (...[method, path, body]: Sent): Promise<Answer> => {
    const answer = await api.root(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  await send('POST', `/accounts/root/scopes/${SCOPE}`);
  await send('POST', '/accounts/root/attr/admin', { key: 'admin', value: true });
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) {
    await send('POST', `/rses/${rse}`, {});
    await send('POST', `/rses/${rse}/protocols/memory`, {
      hostname: rse.toLowerCase(),
      prefix: '/data/',
      impl: 'memory',
      domains: { lan: EVERYTHING, wan: EVERYTHING },
    });
    await send('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
  const names = (tag: string, size: number) =>
    Array.from({ length: size }, (_, at) => ({ scope: SCOPE, name: `${tag}_${at}` }));
  const lake: SizedLake = {
    send,
    names,
    async files(tag, size, ...rses) {
      const dids = names(tag, size);
      const files = dids.map((did) => ({ ...did, bytes: 1, adler32: '00000001' }));
      for (const rse of rses) await send('POST', '/replicas', { rse, files });
      return dids;
    },
    async dataset(tag, size) {
      const dids = await lake.files(tag, size, 'A-DISK');
      await send('POST', `/dids/${SCOPE}/${tag}`, { type: 'DATASET' });
      await send('POST', `/dids/${SCOPE}/${tag}/dids`, { dids });
      return dids;
    },
    async datasets(tag, size) {
      const dids = names(tag, size);
      await send(
        'POST',
        '/dids',
        dids.map((did) => ({ ...did, type: 'DATASET' })),
      );
      return dids;
    },
    async rule(tag, size) {
      await lake.dataset(tag, size);
      const answer = await send('POST', '/rules/', ruleOn([{ scope: SCOPE, name: tag }]));
      return (answer.body as [string])[0];
    },
    async showNew() {
      const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
      const terms = { ...config.subscriptions, ...rulesTerms(config, new Date()) };
      while ((await api.db.tx((tx) => serveNewDids(tx, 1000, terms))).seen > 0);
    },
    async scope(name) {
      const { body } = await send('GET', '/scopes/');
      if ((body as string[]).includes(name)) return;
      await send('POST', `/accounts/root/scopes/${name}`);
    },
    async pfns(rse, files) {
      const lfns = files.map(({ scope, name }) => `lfn=${scope}:${name}`).join('&');
      const { body } = await send('GET', `/rses/${rse}/lfns2pfns?${lfns}`);
      return Object.values(body as Record<string, string>);
    },
  };
  return lake;
}
