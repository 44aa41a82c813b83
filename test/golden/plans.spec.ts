import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Heard, planner, type Planner } from '../support/plans.js';
import { DESIGN, lostIndexes, slowness } from './design.js';
import { hotStatements, type HotStatements } from './hot-statements.js';
import { widen } from './wide-lake.js';

/*
 * The generic plans of the hottest statements on a lake of 10^7 files, as PostgreSQL sees it. After a
 * change that is meant: `npm run golden:plans`, and read the difference before committing it.
 */
const recordings = new URL('plans/', import.meta.url);
const recording = (name: string) => new URL(`${name}.txt`, recordings);
const RECORD = process.env['GOLDEN_PLANS'] === 'record';

let base: TestDatabase;
let session: Planner;
let hot: HotStatements;
beforeAll(async () => {
  base = await testDatabase();
  session = await planner(base.url);
  hot = await hotStatements(base.db);
  await widen(session);
});
afterAll(async () => {
  await session.close();
  await base.close();
});

describe.each(Object.keys(DESIGN))('%s', (name) => {
  const shape = () => session.shape(hot.get(name) as Heard);

  it('reads no vast table from end to end, and loops over no two CTEs', async () => {
    expect(slowness(name, await shape())).toEqual([]);
  });

  it('goes by the indexes that were made for it', async () => {
    expect(lostIndexes(name, await shape())).toEqual([]);
  });

  it('has the shape that was recorded', async () => {
    const text = `${(await shape()).lines.join('\n')}\n`;
    if (RECORD) {
      mkdirSync(recordings, { recursive: true });
      writeFileSync(recording(name), text);
    }
    expect(text).toBe(readFileSync(recording(name), 'utf8'));
  });
});

it('every statement that is heard has a design, and every recording a statement', () => {
  const names = Object.keys(DESIGN).sort();
  expect([...hot.keys()].sort()).toEqual(names);
  expect(readdirSync(recordings).sort()).toEqual(names.map((name) => `${name}.txt`));
});
