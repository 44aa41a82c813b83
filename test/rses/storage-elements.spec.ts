import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, rows, sql } from '../../src/db/index.js';
import {
  Duplicate,
  InvalidRSEExpression,
  RSEAttributeNotFound,
  RSENotFound,
  RSEOperationNotSupported,
  RSEProtocolNotSupported,
} from '../../src/errors/index.js';
import {
  addDistance,
  addProtocol,
  addRse,
  addRseUsage,
  changeProtocols,
  changeRse,
  deleteRse,
  distancesTo,
  findDistance,
  findRse,
  foldRseUsage,
  listRses,
  listRseUsageHistory,
  protocolsOf,
  type ProtocolSpec,
  recordRseUsageHistory,
  removeDistance,
  removeProtocols,
  removeRseAttribute,
  resolveRses,
  type Rse,
  rsesById,
  rseUsage,
  setDistance,
  setRseAttribute,
} from '../../src/rses/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

let serial = 0;
let rse: Rse;
beforeEach(async () => {
  rse = await test.db.tx((tx) => addRse(tx, `DISK-${++serial}`, {}));
});
const again = () => test.db.read((tx) => findRse(tx, rse.name));

describe('a storage element', () => {
  it('is named in expressions by its name and by its place', async () => {
    const traits = { continent: 'EU', countryName: 'Italy', isp: 'GARR' };
    const added = await test.db.tx((tx) => addRse(tx, 'SICILY', traits));
    expect(added.attributes).toEqual({
      SICILY: 'true',
      continent: 'EU',
      country_name: 'Italy',
      ISP: 'GARR',
    });
    const found = await test.db.read((tx) => resolveRses(tx, 'SICILY&continent=EU'));
    expect(found.map(({ name }) => name)).toEqual(['SICILY']);
  });

  it('has a name of its own', async () => {
    await expect(test.db.tx((tx) => addRse(tx, rse.name, {}))).rejects.toThrow(Duplicate);
  });

  it('keeps its attributes in step with what changes', async () => {
    await test.db.tx((tx) => changeRse(tx, rse, { city: 'Toulon', name: `${rse.name}-NEW` }));
    const renamed = await test.db.read((tx) => findRse(tx, `${rse.name}-NEW`));
    expect(renamed.attributes).toEqual({ city: 'Toulon', [renamed.name]: 'true' });
    await test.db.tx((tx) => changeRse(tx, renamed, { city: null }));
    const after = await test.db.read((tx) => findRse(tx, renamed.name));
    expect(after.attributes).toEqual({ [renamed.name]: 'true' });
  });

  it('cannot take the name of another', async () => {
    const other = await test.db.tx((tx) => addRse(tx, `OTHER-${serial}`, {}));
    const taking = test.db.tx((tx) => changeRse(tx, other, { name: rse.name }));
    await expect(taking).rejects.toThrow(Duplicate);
  });

  it('is gone when it is deleted, but its old rows still find it', async () => {
    await test.db.tx((tx) => deleteRse(tx, rse));
    await expect(again()).rejects.toThrow(RSENotFound);
    await expect(test.db.read((tx) => resolveRses(tx, rse.name))).rejects.toThrow(
      InvalidRSEExpression,
    );
    const all = await test.db.read((tx) => listRses(tx));
    expect(all.map(({ id }) => id)).not.toContain(rse.id);
    const byId = await test.db.read((tx) => rsesById(tx, [rse.id]));
    expect(byId.get(rse.id)?.deletedAt).toBeInstanceOf(Date);
  });

  it('stays while it holds a copy', async () => {
    await test.db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO replicas (did_id, rse_id, bytes, state) VALUES (1, ${rse.id}, 1, 'A')`,
      ),
    );
    await expect(test.db.tx((tx) => deleteRse(tx, rse))).rejects.toThrow(RSEOperationNotSupported);
  });
});

describe('attributes', () => {
  it('are overwritten, and hold true and false in one spelling', async () => {
    await test.db.tx((tx) => setRseAttribute(tx, rse, 'tier', '0'));
    await test.db.tx((tx) => setRseAttribute(tx, rse, 'tier', '1'));
    await test.db.tx((tx) => setRseAttribute(tx, rse, 'archive', 'True'));
    expect((await again()).attributes).toMatchObject({ tier: '1', archive: 'true' });
  });

  it('that are not there cannot be removed', async () => {
    await test.db.tx((tx) => setRseAttribute(tx, rse, 'tier', '0'));
    await test.db.tx((tx) => removeRseAttribute(tx, rse, 'tier'));
    const second = test.db.tx((tx) => removeRseAttribute(tx, rse, 'tier'));
    await expect(second).rejects.toThrow(RSEAttributeNotFound);
  });
});

describe('protocols', () => {
  const https: ProtocolSpec = {
    scheme: 'https',
    hostname: 'a.example',
    port: 443,
    prefix: '/data',
    impl: 'webdav',
    domains: { wan: { read: 1 } },
    extendedAttributes: null,
  };
  const add = (change: Partial<ProtocolSpec> = {}) =>
    test.db.tx((tx) => addProtocol(tx, rse, { ...https, ...change }));
  const kept = async () =>
    (await test.db.read((tx) => protocolsOf(tx, [rse.id]))).get(rse.id) ?? [];

  it('are one for a scheme, hostname and port', async () => {
    await add();
    await add({ port: 8443 });
    await expect(add()).rejects.toThrow(Duplicate);
    expect(await kept()).toHaveLength(2);
  });

  it('change in what is said, and no further', async () => {
    await add({ extendedAttributes: { ca: 'x' } });
    const change = { prefix: '/store', domains: { wan: { write: 2 } } };
    await test.db.tx((tx) => changeProtocols(tx, rse, { scheme: 'https' }, change));
    expect(await kept()).toMatchObject([
      {
        hostname: 'a.example',
        prefix: '/store',
        domains: { wan: { read: 1, write: 2 }, lan: { read: null } },
        extendedAttributes: { ca: 'x' },
      },
    ]);
  });

  it('cannot become another one', async () => {
    await add();
    await add({ port: 8443 });
    const meeting = test.db.tx((tx) =>
      changeProtocols(tx, rse, { scheme: 'https', port: 8443 }, { port: 443 }),
    );
    await expect(meeting).rejects.toThrow(Duplicate);
  });

  it('go by scheme, hostname and port', async () => {
    await add();
    await add({ port: 8443 });
    await add({ scheme: 'root', port: 1094 });
    const remove = (key: { scheme: string; hostname?: string; port?: number }) =>
      test.db.tx((tx) => removeProtocols(tx, rse, key));
    await remove({ scheme: 'https', hostname: 'a.example', port: 443 });
    expect((await kept()).map(({ port }) => port)).toEqual([8443, 1094]);
    await remove({ scheme: 'https' });
    expect((await kept()).map(({ port }) => port)).toEqual([1094]);
    await expect(remove({ scheme: 'https' })).rejects.toThrow(RSEProtocolNotSupported);
  });
});

describe('distances', () => {
  it('go one way or both, once', async () => {
    const other = await test.db.tx((tx) => addRse(tx, `FAR-${serial}`, {}));
    const route = { source: rse, destination: other, bidirectional: true };
    await test.db.tx((tx) => addDistance(tx, route, 3));
    await expect(test.db.tx((tx) => addDistance(tx, route, 4))).rejects.toThrow(Duplicate);
    await test.db.tx((tx) => setDistance(tx, { ...route, bidirectional: false }, 7));
    const to = (id: number) => test.db.read((tx) => distancesTo(tx, id));
    expect(await to(other.id)).toEqual(new Map([[rse.id, 7]]));
    expect(await to(rse.id)).toEqual(new Map([[other.id, 3]]));
    await test.db.tx((tx) => removeDistance(tx, route));
    expect(
      await test.db.read((tx) => findDistance(tx, { sourceId: rse.id, destinationId: other.id })),
    ).toBeUndefined();
  });
});

describe('usage', () => {
  const note = (files: number, bytes: number) =>
    test.db.tx((tx) =>
      execute(
        tx,
        addRseUsage(
          sql`SELECT ${rse.id}::int AS rse_id, ${files}::bigint AS files, ${bytes}::bigint AS bytes`,
        ),
      ),
    );
  const usage = async () => (await test.db.read((tx) => rseUsage(tx, [rse.id]))).get(rse.id);

  it('is the same before and after it is folded', async () => {
    await note(3, 300);
    await note(-1, -100);
    await note(0, 0);
    expect(await usage()).toEqual({ files: 2n, bytes: 200n });
    expect(await test.db.tx((tx) => foldRseUsage(tx, 1000))).toBe(2);
    expect(await test.db.tx((tx) => foldRseUsage(tx, 1000))).toBe(0);
    expect(await usage()).toEqual({ files: 2n, bytes: 200n });
  });

  it('is history once for every change', async () => {
    await note(1, 10);
    await test.db.tx((tx) => foldRseUsage(tx, 1000));
    await test.db.tx((tx) => recordRseUsageHistory(tx));
    expect(await test.db.tx((tx) => recordRseUsageHistory(tx))).toBe(0);
    const past = await test.db.read((tx) => listRseUsageHistory(tx, rse.id, 'rucio', 10));
    expect(past).toMatchObject([{ source: 'rucio', used: 10n, files: 1n }]);
  });

  it('of a new storage element is nothing', async () => {
    expect(await usage()).toEqual({ files: 0n, bytes: 0n });
    const open = await test.db.read((tx) =>
      rows(tx, sql`SELECT 1 FROM rse_usage_deltas WHERE rse_id = ${rse.id}`),
    );
    expect(open).toEqual([]);
  });
});
