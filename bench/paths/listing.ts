import { one, sql } from '../../src/db/index.js';
import { forgetPeak } from '../cpu.js';
import { percentile } from '../latency.js';
import { type Lab } from '../lab.js';
import { type Path, peakMemory } from '../path.js';
import { WireClient } from '../wire-client.js';
import { loadDataset, SCOPE } from './fixtures.js';

const FILES = 10_000;
const MANY = 200_000;
const FIRST_BYTE_MS = 50;

/** Replicas of a dataset, as the client asks for them. */
const listing = (copies: 1 | 3, files: number, targetCpu?: number): Path => {
  const name = `listed_${copies}_${files}`;
  const firstBytes: number[] = [];
  let client: WireClient;
  const pid = ({ api }: Lab) => api.child.pid ?? 0;
  return {
    name: `list replicas, ${files.toLocaleString('en')} files, ${copies} ${copies === 1 ? 'copy' : 'copies'}`,
    item: 'file',
    items: files,
    repetitions: 5,
    ...(targetCpu !== undefined && { targetCpu }),
    async prepare(lab) {
      client = await new WireClient(lab.url).login('root');
      await loadDataset(lab, {
        name,
        count: files,
        rses: ['BENCH1', 'BENCH2', 'BENCH3'].slice(0, copies),
      });
      forgetPeak(pid(lab));
    },
    async run() {
      const { text, firstByteMs } = await client.ask('POST', '/replicas/list', {
        dids: [{ scope: SCOPE, name }],
        schemes: ['memory'],
      });
      const rows = text.split('\n').length - 1;
      if (rows !== files) throw new Error(`${rows} rows instead of ${files}`);
      firstBytes.push(firstByteMs);
    },
    async floor({ db }) {
      await db.read((tx) =>
        one(
          tx,
          sql`SELECT count(*) FROM (
                SELECT d.name, ARRAY(SELECT rse_id FROM replicas r WHERE r.did_id = d.id)
                  FROM contents c JOIN dids d ON d.id = c.child_id
                 WHERE c.parent_id = (SELECT id FROM dids WHERE scope = ${SCOPE} AND name = ${name})
                 ORDER BY d.name) x`,
        ),
      );
    },
    figures: (lab) =>
      Promise.resolve([
        {
          name: 'first byte (median)',
          value: percentile(firstBytes, 50),
          unit: 'ms',
          atMost: FIRST_BYTE_MS,
        },
        peakMemory(pid(lab)),
      ]),
    after: () => Promise.resolve(client.close()),
  };
};

export const listings: readonly Path[] = [
  listing(1, FILES, 15),
  listing(3, FILES, 25),
  { ...listing(1, MANY), repetitions: 2 },
];
