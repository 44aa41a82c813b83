import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { showExplanation } from '../../src/cli/show-explanation.js';
import { showPlan } from '../../src/cli/show-plan.js';
import { type Call, startApi, type TestApi } from '../support/api.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { court } from '../support/judge.js';
import { lyingSource, planned, smallLake } from './scenes.js';
import { terminalPicture } from './terminal-picture.js';

// `npm run docs:pictures` draws them anew.

const file = (name: string) => new URL(`../../docs/pictures/${name}.svg`, import.meta.url);
const RULE = '4c0d2f6b9e1a4d7f8b3c5a6e7d8f9a0b';

let api: TestApi;
let alice: Call;
let base: TestDatabase;
beforeAll(async () => {
  api = await startApi();
  alice = await smallLake(api);
  base = await testDatabase();
});
afterAll(async () => {
  await api.close();
  await base.close();
});

/** The picture in the documentation is what the command prints today. */
function expectDrawn(name: string, command: string, lines: readonly string[]): void {
  const picture = terminalPicture(command, lines);
  if (process.env['PICTURES'] === 'draw') {
    mkdirSync(new URL('.', file(name)), { recursive: true });
    writeFileSync(file(name), picture);
  }
  expect(readFileSync(file(name), 'utf8')).toBe(picture);
}

const page = (name: string) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');

/** On a terminal that has colours, whatever the test runs in. */
function inColours<T>(work: () => T): T {
  const { isTTY, hasColors } = process.stdout as { isTTY: boolean; hasColors: unknown };
  const forced = process.env['FORCE_COLOR'];
  Object.assign(process.stdout, { isTTY: true, hasColors: () => true });
  process.env['FORCE_COLOR'] = '1';
  try {
    return work();
  } finally {
    Object.assign(process.stdout, { isTTY, hasColors });
    if (forced === undefined) delete process.env['FORCE_COLOR'];
    else process.env['FORCE_COLOR'] = forced;
  }
}

describe('the pictures of the documentation', () => {
  it('a plan: where copies go and why, and what that takes', async () => {
    const rses = 'type=DISK:2;type=TAPE:1;distinct=site';
    const plan = await planned(alice, { copies: 3, rse_expression: rses, lifetime: 864_000 });
    const command = `sluice rule plan km3net:run1 --rses '${rses}' --lifetime 864000`;
    expectDrawn(
      'plan',
      command,
      inColours(() => showPlan(plan)),
    );
    expect(page('rules')).toContain('](pictures/plan.svg)');
  });

  it('an explanation: what is not OK, what is done about it, and what you could do', async () => {
    const { id, answer } = await lyingSource(await court(base.db));
    const paint = {
      strong: (text: string) => styleText('bold', text, { validateStream: false }),
      faint: (text: string) => styleText('dim', text, { validateStream: false }),
    };
    const lines = showExplanation(answer, paint).map((line) => line.replaceAll(id, RULE));
    expectDrawn('explain', `sluice explain ${RULE}`, lines);
    expect(page('explain')).toContain('](pictures/explain.svg)');
  });

  it('and the plan that the page on rules shows as text', async () => {
    const plan = await planned(alice, { copies: 2, rse_expression: 'SHORE-DISK|US-DISK' });
    expect(page('rules')).toContain(`\n${showPlan(plan).join('\n')}\n\`\`\``);
  });
});
