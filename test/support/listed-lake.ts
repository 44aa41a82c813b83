import { type Database, execute, sql } from '../../src/db/index.js';
import { addScope } from '../../src/scopes/index.js';
import { addProtocol, changeRse, findRse, setRseAttribute } from '../../src/rses/index.js';
import { lake } from './lake.js';
import { shelf } from './shelf.js';

/** Files of each dataset, names as odd as names may be. */
const FILES = 60;

/** RSEs that differ in everything that a listing looks at. */
async function fillRses(db: Database): Promise<void> {
  await shelf(db, 'NEAR', { scheme: 'https', attributes: { site: 'MARSEILLE' } });
  await shelf(db, 'FAR', { scheme: 'davs' });
  await shelf(db, 'TAPE', { scheme: 'root', type: 'T' });
  await shelf(db, 'PLAINLY', { scheme: 'https', attributes: { lfn2pfn_algorithm: 'identity' } });
  await shelf(db, 'REGISTERED', { scheme: 'https', deterministic: false });
  await shelf(db, 'CLOSED', { scheme: 'https' });
  await shelf(db, 'UNKNOWN', { attributes: { lfn2pfn_algorithm: 'nobody-knows' } });
  const more = {
    impl: 'rucio.rse.protocols.xrootd.Default',
    domains: { wan: { read: 2 }, lan: { read: 1 } },
    extendedAttributes: null,
  };
  await db.tx(async (tx) => {
    const [near, far] = [await findRse(tx, 'NEAR'), await findRse(tx, 'FAR')];
    await changeRse(tx, near, { latitude: 43.3, longitude: 5.4 });
    await changeRse(tx, far, { latitude: -33.9, longitude: 18.4, volatile: true });
    await changeRse(tx, await findRse(tx, 'CLOSED'), { availabilityRead: false });
    const at = { hostname: 'door.example', port: 1094, prefix: '//dé"pôt\\$&%s/' };
    await addProtocol(tx, near, { ...more, ...at, scheme: 'root' });
    await addProtocol(tx, near, { ...more, ...at, scheme: 'root', hostname: 'b.example' });
    await addProtocol(tx, far, { ...more, ...at, scheme: 'root' });
    await addProtocol(tx, far, { ...more, ...at, scheme: 'file', hostname: '', prefix: 'mnt' });
    for (const rse of [near, far]) await setRseAttribute(tx, rse, 'tier', '1');
  });
}

/**
 * Datasets `plain`, `registered`, `climbing` and `archived` in three scopes, each in the container
 * `all` of its scope: copies at any RSEs in any states, of none to every one. Only the first is of
 * files that need nothing but their RSEs and names to be listed.
 */
export async function fillListedLake(db: Database): Promise<void> {
  const { accountId, ...a } = await lake(db);
  await db.tx((tx) => addScope(tx, 'user.alice.b', accountId));
  await fillRses(db);
  await a.container('all');
  for (const dataset of ['plain', 'registered', 'climbing', 'archived']) {
    await a.dataset(dataset);
    await a.attach('all', dataset);
    const odd = dataset === 'climbing' ? '/../x' : '';
    await db.tx((tx) =>
      execute(
        tx,
        sql`
        WITH made AS (
          INSERT INTO dids (type, account_id, scope, name, bytes, adler32, md5, constituent)
          SELECT 'F', ${accountId}, (ARRAY['km3net', 'user.alice.b'])[1 + i % 2],
                 (ARRAY['/a//b.', 'A_', '9-..'])[1 + i % 3] || ${dataset}::text || i || ${odd}::text,
                 (i % 4) * 9007199254740993, nullif(-1 - i % 5, -1),
                 CASE WHEN i % 3 = 0 THEN md5(i::text)::uuid END,
                 nullif(${dataset}::text = 'archived' AND i % 2 = 0, false)
            FROM generate_series(1, ${FILES}::int) i
          RETURNING id),
        copies AS (
          INSERT INTO replicas (did_id, rse_id, bytes, state, accessed_at)
          SELECT f.id, r.id, 1, (ARRAY['A', 'A', 'A', 'U', 'C', 'B', 'D', 'T'])[1 + (f.id * r.id) % 8],
                 timestamptz '2026-01-01' + (f.id % 10) * interval '1 day'
            FROM made f JOIN rses r ON hashint8extended(f.id, r.id) % 3 = 0
             AND (r.deterministic OR ${dataset}::text = 'registered')
          RETURNING did_id, rse_id),
        paths AS (
          INSERT INTO replica_paths (did_id, rse_id, path)
          SELECT c.did_id, c.rse_id, '/some "where"/' || c.did_id
            FROM copies c JOIN rses r ON r.id = c.rse_id AND NOT r.deterministic WHERE c.did_id % 4 > 0)
        INSERT INTO contents (parent_id, child_id)
        SELECT d.id, made.id FROM made, dids d WHERE d.name = ${dataset}`,
      ),
    );
  }
  await a.files('zip');
  await db.tx((tx) =>
    execute(
      tx,
      sql`WITH zip AS (SELECT id FROM dids WHERE name = 'zip'),
          copy AS (INSERT INTO replicas (did_id, rse_id, bytes, state)
                   SELECT zip.id, r.id, 1, 'A' FROM zip, rses r WHERE r.name = 'NEAR')
          INSERT INTO contents SELECT zip.id, d.id FROM zip, dids d WHERE d.constituent`,
    ),
  );
}
