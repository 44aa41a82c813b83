import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, rows, sql } from '../../src/db/index.js';
import { InvalidObject } from '../../src/errors/index.js';
import {
  type Comparison,
  compileExpression,
  type Expression,
  parseExpression,
} from '../../src/rses/expression/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { smallExpression } from './expression-arbitrary.js';

interface Element {
  name: string;
  city: string | null;
  latitude: number | null;
  type?: 'D' | 'T';
  write?: boolean;
  attributes: Record<string, string>;
}

const lake: Element[] = [
  { name: 'A', city: 'x1', latitude: -3, attributes: { tier: '1', free: '10.5', site: 'x1' } },
  { name: 'B', city: '10', latitude: 10, write: false, attributes: { tier: '2', free: 'lots' } },
  { name: 'C', city: null, latitude: null, type: 'T', attributes: { tape: 'true', free: '-3' } },
  { name: 'D', city: 'A', latitude: 2.5, attributes: { tier: 'x1', free: '1e400', site: '2' } },
];

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.db.tx(async (tx) => {
    for (const { name, city, latitude, type, write, attributes } of lake) {
      const all = { ...attributes, [name]: 'true' };
      await execute(
        tx,
        sql`WITH made AS (
              INSERT INTO rses (name, city, latitude, type, availability_write)
              VALUES (${name}, ${city}, ${latitude}, ${type ?? 'D'}::"char", ${write ?? true})
              RETURNING id)
            INSERT INTO rse_attributes (rse_id, key, value)
            SELECT made.id, key, value
            FROM made, unnest(${Object.keys(all)}::text[], ${Object.values(all)}::text[]) AS g (key, value)`,
      );
    }
    await execute(tx, sql`INSERT INTO rses (name, deleted_at) VALUES ('GONE', now())`);
  });
});
afterAll(() => database.close());

async function named(tree: Expression): Promise<string> {
  const ids = compileExpression(tree);
  const found = await database.db.read((tx) =>
    rows<{ name: string }>(tx, sql`SELECT name FROM rses WHERE id IN (${ids}) ORDER BY name`),
  );
  return found.map(({ name }) => name).join('');
}

/** What a comparison says about one storage element, written down once more in plain words. */
function holds({ key, operator, value }: Comparison, element: Element): boolean {
  const { name, city, latitude, write, attributes } = element;
  const own: Record<string, string | null> = {
    ...attributes,
    [name]: 'true',
    rse: name,
    city,
    latitude: latitude === null ? null : String(latitude),
    availability: write === false ? '5' : '7',
  };
  const held = own[key];
  if (held === undefined || held === null) return false;
  if (operator === '=') return held === value;
  if (!/^-?\d/.test(held) || !/^-?\d/.test(value)) return false;
  return operator === '<' ? Number(held) < Number(value) : Number(held) > Number(value);
}

function evaluate(tree: Expression): Set<Element> {
  switch (tree.kind) {
    case 'all':
      return new Set(lake);
    case 'name':
      return new Set(
        lake.filter((e) => e.name === tree.name || e.attributes[tree.name] === 'true'),
      );
    case 'comparison':
      return new Set(lake.filter((e) => holds(tree, e)));
    case 'union':
      return new Set([...evaluate(tree.left), ...evaluate(tree.right)]);
    case 'intersection': {
      const right = evaluate(tree.right);
      return new Set([...evaluate(tree.left)].filter((e) => right.has(e)));
    }
    case 'difference': {
      const right = evaluate(tree.right);
      return new Set([...evaluate(tree.left)].filter((e) => !right.has(e)));
    }
  }
}

describe('compileExpression', () => {
  it.each([
    ['*', 'ABCD'],
    ['A', 'A'],
    ['GONE', ''],
    ['rse=GONE', ''],
    ['tape', 'C'],
    ['tape=True', 'C'],
    ['tier=1|tier=2', 'AB'],
    ['A|B&C', ''],
    ['A|(B&C)', 'A'],
    ['*\\(A|B)', 'CD'],
    ['*\\A|A', 'ABCD'],
    ['free>5', 'AD'],
    ['free<0', 'C'],
    ['free>few', ''],
    ['tier>0', 'AB'],
    ['rse_type=TAPE', 'C'],
    ['rse_type=disk\\A', 'BD'],
    ['availability_write=false', 'B'],
    ['availability=5', 'B'],
    ['availability<7', 'B'],
    ['latitude>2', 'BD'],
    ['city=x1', 'A'],
    ['constructor=1', ''],
    ['volatile<1', ''],
  ])('%s names %s', async (text, names) => {
    expect(await named(parseExpression(text))).toBe(names);
  });

  it.each(['rse_type=FOO', 'deterministic=maybe', 'availability=all', 'latitude=north'])(
    'refuses %s, which no storage element can have',
    (text) => {
      expect(() => compileExpression(parseExpression(text))).toThrow(InvalidObject);
    },
  );

  it('agrees with the meaning of the words for any tree', async () => {
    await fc.assert(
      fc.asyncProperty(smallExpression, async (tree) => {
        const expected = [...evaluate(tree)].map(({ name }) => name).sort();
        expect(await named(tree)).toBe(expected.join(''));
      }),
      { numRuns: 200 },
    );
  });

  it('runs the longest expressions that the bounds allow', async () => {
    expect(await named(parseExpression(`${'B|'.repeat(1499)}A`))).toBe('AB');
    expect(await named(parseExpression(`${'A|('.repeat(200)}B${')'.repeat(200)}`))).toBe('AB');
  });
});
