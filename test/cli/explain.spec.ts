import { describe, expect, it } from '@jest/globals';
import { runExplain } from '../../src/cli/explain.js';
import { explanationPath, thingsOf } from '../../src/cli/explained-thing.js';
import { type ExplanationAnswer, showExplanation } from '../../src/cli/show-explanation.js';
import { Refusal, UsageError } from '../../src/cli/service.js';
import { commandLine } from '../support/command-line.js';

const ID = '0123456789abcdef0123456789abcdef';

describe('what a name is', () => {
  it.each([
    [ID, ['rule', 'request']],
    ['01234567-89ab-cdef-0123-456789abcdef', ['rule', 'request']],
    ['km3net:run/f1', ['did']],
    ['km3net:run/f1@A-DISK', ['replica']],
    ['auger:/a/b@v2', ['did']],
    ['SHORE-DISK', ['rse']],
    ['alice', ['account']],
    ['42', ['rse', 'account']],
  ])('%s', (text, things) => {
    expect(thingsOf(text)).toEqual(things);
  });

  it.each(['', 'No-Such', 'a b', 'ä'])("is asked where '%s' is nothing", (text) => {
    expect(() => thingsOf(text)).toThrow(UsageError);
  });
});

describe('where it is explained', () => {
  it.each([
    ['rule', ID, `/rules/${ID}/explain`],
    ['request', ID, `/requests/${ID}/explain`],
    ['did', 'km3net:run/f1', '/dids/km3net/run%2Ff1/explain'],
    ['replica', 'km3net:run/f1@A-DISK', '/replicas/km3net/run%2Ff1/A-DISK/explain'],
    ['did', 'auger:/a/b@v2', '/dids/auger/%2Fa%2Fb%40v2/explain'],
    ['replica', 'auger:/a/b@v2@A-DISK', '/replicas/auger/%2Fa%2Fb%40v2/A-DISK/explain'],
    ['rse', 'A-DISK', '/rses/A-DISK/explain'],
    ['account', 'alice', '/accounts/alice/explain'],
  ] as const)('%s %s', (thing, text, path) => {
    expect(explanationPath(thing, text)).toBe(path);
  });

  it('a name of another form is refused', () => {
    expect(() => explanationPath('did', 'nonsense')).toThrow(/write SCOPE:NAME$/);
    expect(() => explanationPath('replica', 'km3net:f1')).toThrow(/write SCOPE:NAME@RSE$/);
  });
});

const remedy = {
  what: 'try the stuck files again now',
  who: 'owner',
  method: 'PUT',
  path: `/rules/${ID}`,
  body: { options: { boost_rule: true } },
  command: `rucio rule update ${ID} --boost-rule`,
};
const answer: ExplanationAnswer = {
  subject: `rule ${ID} of alice on km3net:run`,
  state: 'STUCK',
  summary: 'STUCK since 12:00 UTC: 187 stuck; 13 of 200 copies there',
  lines: ['It ends at 18:00 UTC'],
  groups: [
    {
      sentence:
        '187 files: checksum mismatch at SHORE-DISK; 2 other sources; declared bad; retry at 14:10 UTC',
      examples: ['km3net:f1', 'km3net:f2'],
      error: null,
      next: 'takes another source where there is one, at 14:10 UTC',
      remedies: [remedy],
    },
  ],
  more_groups: 2,
  next: ['The repairer looks at it at 14:10 UTC'],
  remedies: [
    remedy,
    {
      ...remedy,
      what: 'give the rule up',
      who: 'admin',
      method: 'DELETE',
      body: null,
      command: null,
    },
  ],
};

describe('an explanation in the terminal', () => {
  it('is few lines, most important first, each remedy once', () => {
    const plain = { strong: (text: string) => text, faint: (text: string) => text };
    expect(showExplanation(answer, plain)).toEqual([
      answer.subject,
      answer.summary,
      `  ${answer.groups[0]?.sentence}`,
      '    such as km3net:f1, km3net:f2',
      '    next: takes another source where there is one, at 14:10 UTC',
      '  2 more kinds of trouble: --json shows them',
      '- It ends at 18:00 UTC',
      'next: The repairer looks at it at 14:10 UTC',
      'What you could do:',
      '* try the stuck files again now',
      `    rucio rule update ${ID} --boost-rule`,
      `    PUT /rules/${ID} {"options":{"boost_rule":true}}`,
      '* give the rule up (admins)',
      `    DELETE /rules/${ID}`,
    ]);
  });

  it('has colours where it is asked to', () => {
    const paint = { strong: (text: string) => `<${text}>`, faint: (text: string) => `(${text})` };
    expect(showExplanation(answer, paint)[0]).toBe(`<${answer.subject}>`);
  });
});

describe('sluice explain', () => {
  let rule = '';
  const cli = commandLine(async (api) => {
    await api.root('POST', '/accounts/root/scopes/km3net');
    await api.root('POST', '/accounts/root/attr/admin', { key: 'admin', value: true });
    for (const rse of ['A-DISK', 'B-DISK']) await api.root('POST', `/rses/${rse}`, {});
    const did = { scope: 'km3net', name: 'run/f1' };
    const files = [{ ...did, bytes: 10, adler32: '00000001' }];
    await api.root('POST', '/replicas', { rse: 'A-DISK', files });
    const wish = { dids: [did], copies: 1, rse_expression: 'B-DISK', account: 'root' };
    rule = ((await api.root('POST', '/rules/', wish)).body as string[])[0] ?? '';
  });

  /** What is printed for a thing. */
  async function printed(
    thing: string,
    more: { json?: boolean; kind?: 'did' | 'account' } = {},
  ): Promise<string> {
    await runExplain(thing, { ...cli.options(), ...more });
    return cli.said().join('\n');
  }

  it('explains everything that a running Sluice knows by its name', async () => {
    expect(await printed(rule)).toMatch(
      /REPLICATING: 0 of 1 copy there; 1 on their way\n {2}1 file \(10 B\) queued for B-DISK/,
    );
    expect(await printed('km3net:run/f1')).toMatch(
      /^km3net:run\/f1\nFile held by 1 rule; 1 good copy at A-DISK/,
    );
    expect(await printed('km3net:run/f1@A-DISK')).toMatch(/^km3net:run\/f1@A-DISK\nAVAILABLE/);
    expect(await printed('B-DISK')).toMatch(/^B-DISK\n1 transfer queued to it/);
    expect(await printed('root')).toMatch(/^root\n1 rule: 1 REPLICATING/);
    const requests = await cli.api.root('GET', '/requests/km3net/run%2Ff1/B-DISK');
    const { id } = requests.body as { id: string };
    expect(await printed(id)).toMatch(
      /^request [0-9a-f]{32} of km3net:run\/f1 to B-DISK\nQUEUED: it is next/,
    );
  });

  it('prints the answer as it came where it is asked to', async () => {
    expect(JSON.parse(await printed(rule, { json: true }))).toMatchObject({
      kind: 'rule',
      state: 'REPLICATING',
    });
  });

  it('says what is not found, or cannot be meant', async () => {
    await expect(printed('0'.repeat(32))).rejects.toThrow(Refusal);
    await expect(printed('No-Such')).rejects.toThrow(UsageError);
    await expect(printed('A-DISK', { kind: 'did' })).rejects.toThrow(/write SCOPE:NAME/);
  });
});
