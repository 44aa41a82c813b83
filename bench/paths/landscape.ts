import { sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';

const RSES = 500;
const EVERYTHING = { read: 1, write: 1, delete: 1 };

const names = (tag: string, round: number): string[] =>
  Array.from({ length: RSES }, (_, at) => `${tag}-${round}-${at}`);

/** Storage elements as an export has them, each with a way from the first one. */
function landscape(round: number): object {
  const rse = {
    rse_type: 'DISK',
    attributes: { tier: 2, site: 'IMPORTED', fts: 'https://fts.example:8446' },
    protocols: [
      {
        scheme: 'https',
        hostname: 'se.example',
        port: 443,
        prefix: '/data/',
        impl: 'rucio.rse.protocols.webdav.Default',
        domains: { lan: EVERYTHING, wan: EVERYTHING },
      },
    ],
    limits: { MinFreeSpace: 1 },
  };
  const all = names('IMPORT', round);
  return {
    rses: Object.fromEntries(all.map((name) => [name, rse])),
    distances: {
      [all[0] ?? '']: Object.fromEntries(all.slice(1).map((name) => [name, { distance: 1 }])),
    },
  };
}

/** The rows of such a landscape, by one statement. */
const landscapeFloor = (lab: Lab, round: number) =>
  lab.bare(sql`
    WITH made AS (
      INSERT INTO rses (name) SELECT unnest(${names('FLOOR', round)}::text[]) RETURNING id),
    used AS (INSERT INTO rse_usage (rse_id, source, used, files) SELECT id, 'rucio', 0, 0 FROM made),
    told AS (
      INSERT INTO rse_attributes (rse_id, key, value)
      SELECT id, key, 'value' FROM made, unnest(ARRAY['tier', 'site', 'fts', 'FLOOR']) key),
    limits AS (INSERT INTO rse_limits (rse_id, name, value) SELECT id, 'MinFreeSpace', 1 FROM made),
    ways AS (
      INSERT INTO distances (source_id, destination_id, distance) SELECT m.first, id, 1
        FROM made, (SELECT min(id) AS first FROM made) m WHERE id <> m.first)
    INSERT INTO rse_protocols (rse_id, scheme, hostname, port, prefix, impl, domains)
    SELECT id, 'https', 'se.example', 443, '/data/', 'rucio.rse.protocols.webdav.Default',
           '{"lan": {"read": 1, "write": 1, "delete": 1}, "wan": {"read": 1, "write": 1, "delete": 1}}'
      FROM made`);

const imported: Path = {
  name: 'import, 500 RSEs',
  item: 'RSE',
  items: RSES,
  run: async (lab, round) => void (await lab.root.text('POST', '/import', landscape(round))),
  floor: landscapeFloor,
};

const importedAgain: Path = {
  name: 'import again, 500 RSEs that are there',
  item: 'RSE',
  items: RSES,
  before: async (lab) => void (await lab.root.text('POST', '/import', landscape(0))),
  run: async (lab) => void (await lab.root.text('POST', '/import', landscape(0))),
};

const exported: Path = {
  name: 'export, with 500 RSEs',
  item: 'RSE',
  items: RSES,
  prepare: async (lab) => void (await lab.root.text('POST', '/import', landscape(0))),
  async run(lab) {
    const { rses } = JSON.parse(await lab.root.text('GET', '/export')) as { rses: object };
    if (Object.keys(rses).length < RSES) throw new Error('an export without all RSEs');
  },
  async floor(lab) {
    await lab.bare(sql`
      SELECT r.*, (SELECT jsonb_object_agg(a.key, a.value) FROM rse_attributes a WHERE a.rse_id = r.id),
             (SELECT jsonb_agg(to_jsonb(p)) FROM rse_protocols p WHERE p.rse_id = r.id),
             (SELECT jsonb_agg(to_jsonb(d)) FROM distances d WHERE d.source_id = r.id)
        FROM rses r WHERE r.deleted_at IS NULL`);
  },
};

/** The lake's storage elements, written and read as a whole. */
export const landscapes: readonly Path[] = [exported, imported, importedAgain];
