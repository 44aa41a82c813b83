import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { presentExplanation } from '../../src/api/explain/explain.presenter.js';
import { toJson } from '../../src/api/wire/index.js';
import { type ExplanationAnswer, showExplanation } from '../../src/cli/show-explanation.js';
import { CAUSE_WORDS } from '../../src/explain/index.js';
import { Cause, wireId } from '../../src/vocabulary/index.js';
import { office } from '../explain/office.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

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
  for (const rse of ['SHORE-DISK', 'EU-DISK', 'US-DISK', 'EU-TAPE']) await a.rse(rse);
  await a.dataset('run42');
  const names = Array.from({ length: 200 }, (_, n) => `run42.${String(n + 1).padStart(3, '0')}`);
  const wrong = names.slice(0, 187);
  await a.data('run42', names, 'SHORE-DISK', 'EU-DISK', 'US-DISK');
  const rule = await a.rule('run42', { rseExpression: 'EU-TAPE', lifetime: 30 * 86_400 });
  const at = office(a);
  await at.atWork();
  a.pass(600);
  await at.fail('EU-TAPE', wrong, {
    cause: Cause.SOURCE_CHECKSUM,
    source: 'SHORE-DISK',
    error: 'adler32 of what was read is 0a1b2c3d',
  });
  for (const name of wrong.slice(0, 50)) await a.declareBad('SHORE-DISK', name);
  a.pass(120);
  await at.atWork();
  const answer = JSON.parse(toJson(presentExplanation(await at.rule(rule)))) as ExplanationAnswer;
  const plain = { strong: (text: string) => text, faint: (text: string) => text };
  return showExplanation(answer, plain).join('\n').replaceAll(wireId(rule.uid), '{rule}');
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
