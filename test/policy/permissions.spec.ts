import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import * as policy from '../../src/policy/index.js';
import { AccountType, POLICY_SWITCHES } from '../../src/vocabulary/index.js';
import { ACTIONS } from './actions.js';
import { type Case } from './cases.js';
import { allowed, EVERYBODY, type Kind, KINDS, switched } from './callers.js';

const cases = Object.values(ACTIONS).flat();
const titled = cases.map((each) => [each.what, each] as const);

describe('the table of permissions', () => {
  it('has a row for every action that the policy knows', () => {
    const known = Object.keys(policy).filter((name) => name.startsWith('may'));
    expect(Object.keys(ACTIONS).sort()).toEqual(known.sort());
    expect(cases.length).toBeGreaterThanOrEqual(known.length);
  });

  it.each(titled)('who may %s', (_what, { ask, here }) => {
    expect(allowed(ask)).toEqual(here);
    expect(allowed(ask, switched(true))).toEqual(here);
  });

  it.each(titled)("who may %s by Rucio's generic policy", (_what, { ask, here, there, by }) => {
    // What cannot be switched off stays as it is here.
    const expected = by === undefined ? here : (there ?? here);
    expect(allowed(ask, switched(false))).toEqual(expected);
    if (by !== undefined) expect(allowed(ask, switched(true, by))).toEqual(expected);
  });

  it.each(titled)('a group and a service may %s as a person may', (_what, { ask, here }) => {
    for (const type of [AccountType.GROUP, AccountType.SERVICE]) {
      expect(allowed(ask, switched(true), type)).toEqual(here);
    }
  });
});

describe('a switch of the policy', () => {
  it.each(POLICY_SWITCHES)('%s makes a difference', (name) => {
    const changed = cases.filter(
      ({ ask, here }) => allowed(ask, switched(true, name)).join() !== here.join(),
    );
    expect(changed.map(({ by }) => by)).toContain(name);
    // URLs for a file follow what may be done with the file.
    const others = changed.filter(
      ({ by, rucio }) => by !== name && !rucio.includes('get_signed_url'),
    );
    expect(others.map(({ what }) => what)).toEqual([]);
  });
});

const file = new URL('../../docs/permissions.md', import.meta.url);
const page = readFileSync(file, 'utf8').replace(/ +/g, ' ');

const words = (kinds: readonly Kind[]): string => {
  if (kinds.length === 0) return 'nobody';
  if (kinds.length === EVERYBODY.length) return 'everybody';
  const abroad = kinds.includes('french');
  return kinds
    .filter((kind) => kind !== 'french')
    .map((kind) => (abroad && kind === 'italian' ? 'admins of any country' : KINDS[kind]))
    .join(', ');
};

const lineOf = ({ what, here, there, by, rucio }: Case): string => {
  const differs =
    there === undefined ? '' : `${words(there)}${by ? ` (\`${by}\`)` : ', no switch'}`;
  const names = rucio.map((name) => `\`${name}\``).join(', ');
  return `| ${what} | ${words(here)} | ${differs} | ${names} |`.replace(/ +/g, ' ');
};

describe('docs/permissions.md', () => {
  it('has the line of every action', () => {
    const missing = cases.map(lineOf).filter((line) => !page.includes(line));
    expect(missing.join('\n')).toBe('');
  });

  it('has no line of an action that there is not', () => {
    const lines = page.split('\n').filter((line) => /^\| [a-z].*\|$/.test(line));
    expect(lines.filter((line) => !cases.map(lineOf).includes(line))).toEqual([]);
  });
});
