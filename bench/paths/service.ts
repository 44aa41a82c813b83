import { setTimeout as wait } from 'node:timers/promises';
import { memoryMiB } from '../cpu.js';
import { type Workers } from '../lab.js';
import { type Path } from '../path.js';
import { WireClient } from '../wire-client.js';
import { BATCH, loadDataset, namesOf, SCOPE } from './fixtures.js';
import { locksOf } from './rules.js';

const FILES = 10_000;
const SETTLE_MS = 10_000;
const TARGET_MIB = 250;

/** The whole service in one process: at rest when it has started, and after work of every kind. */
export function wholeService(): Path {
  let service: Workers | undefined;
  let client: WireClient | undefined;
  let idle = 0;
  const dataset = (round: number) => `whole_${round}`;
  return {
    name: 'whole service, register, list, rule',
    item: 'file',
    items: FILES,
    async prepare(lab) {
      service = await lab.daemons('all');
      client = await new WireClient(service.url).login('root');
      await wait(SETTLE_MS);
      idle = memoryMiB(service.pid).now;
    },
    before: (lab, round) =>
      loadDataset(lab, { name: dataset(round), count: FILES, rses: ['BENCH1'] }),
    async run(lab, round) {
      for (let from = 0; from < FILES; from += BATCH) {
        const names = namesOf('whole', round, from, BATCH);
        const files = names.map((name) => ({
          scope: SCOPE,
          name,
          bytes: 1000,
          adler32: '0cc737eb',
        }));
        await client?.ask('POST', '/replicas', { rse: 'BENCH1', files });
      }
      const dids = [{ scope: SCOPE, name: dataset(round) }];
      await client?.ask('POST', '/replicas/list', { dids, schemes: ['memory'] });
      const spec = { account: 'root', copies: 1, rse_expression: 'BENCH2', asynchronous: true };
      await client?.ask('POST', '/rules', { dids, ...spec });
      await locksOf(lab, dataset(round), FILES);
    },
    async figures() {
      await wait(SETTLE_MS);
      const { now, peak } = memoryMiB(service?.pid ?? 0);
      return [
        { name: 'memory at rest', value: idle, unit: 'MiB', atMost: TARGET_MIB },
        { name: 'memory after it', value: now, unit: 'MiB', atMost: TARGET_MIB },
        { name: 'peak memory', value: peak, unit: 'MiB' },
      ];
    },
    async after() {
      client?.close();
      await service?.stop();
    },
  };
}
