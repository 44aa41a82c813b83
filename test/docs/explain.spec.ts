import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { showExplanation } from '../../src/cli/show-explanation.js';
import { CAUSE_WORDS } from '../../src/explain/index.js';
import { Cause } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { lyingSource } from './scenes.js';

const page = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8');

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterAll(() => base.close());

/** The picture of the page: 187 of 200 files are stuck, because their source lies. */
async function picture(): Promise<string> {
  const { id, answer } = await lyingSource(a);
  const plain = { strong: (text: string) => text, faint: (text: string) => text };
  return showExplanation(answer, plain).join('\n').replaceAll(id, '{rule}');
}

describe('docs/explain.md', () => {
  it('shows what sluice explain prints', async () => {
    const [, shown] = /```text\n\$ sluice explain \{rule\}\n([\s\S]*?)\n```/.exec(page) ?? [];
    expect(shown).toBe(await picture());
  });

  it('has a row for every cause, in the words of the answers', () => {
    const ends = { source: 'SOURCE', destination: 'DEST' };
    const rows = Object.values(Cause).map((cause) => {
      const { says, does, can } = CAUSE_WORDS[cause];
      return `| ${cause} | ${says(ends)} | ${does} | ${can} |`;
    });
    const table = page.replace(/ +/g, ' ');
    expect(rows.filter((row) => !table.includes(row))).toEqual([]);
  });

  it.each(['rules', 'dids', 'replicas', 'rses', 'requests', 'accounts'])(
    'tells where %s are explained',
    (noun) => {
      expect(page).toMatch(new RegExp(`GET /${noun}/[^ ]*/explain`));
    },
  );
});
