import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../src/db/index.js';
import { computedPath, pathOf } from '../../src/rses/index.js';
import { ALGORITHMS } from '../../src/rses/naming/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const NAMES = [
  ['data', 'f1'],
  ['data.raw', '/a/b/c.root'],
  ['user.alice', 'f1.txt'],
  ['user', 'x'],
  ['group.km3.sea', 'a//b'],
  ['users.are.many', '/f'],
  ['regroup.x', 'f-1_2.3'],
  ['raw', '/vo/raw/run1/f1'],
  ['vo', '/vo'],
  ['vo', '/vo/'],
] as const;

const computed = [...ALGORITHMS.values()].filter(({ columns }) => columns !== undefined);

describe.each(computed.map(({ name }) => [name]))('the path algorithm %s', (name) => {
  it('is in SQL what it is in Node', async () => {
    const found = await database.db.read((tx) =>
      rows<{ scope: string; name: string; path: string }>(
        tx,
        sql`SELECT scope, name, ${computedPath(name, sql`n.scope`, sql`n.name`)} AS path
            FROM unnest(${NAMES.map(([scope]) => scope)}::text[],
                        ${NAMES.map(([, file]) => file)}::text[]) AS n(scope, name)`,
      ),
    );
    expect(found).toHaveLength(NAMES.length);
    for (const row of found) expect(row.path).toBe(pathOf(name, row.scope, row.name));
  });

  it('says whether two names may get one path', () => {
    const meets =
      pathOf(name, 's', '/a').replaceAll('//', '/') ===
      pathOf(name, 's', 'a').replaceAll('//', '/');
    expect(ALGORITHMS.get(name)?.mayMeet).toBe(meets);
  });
});
