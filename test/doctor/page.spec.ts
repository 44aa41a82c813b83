import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { checks } from '../../src/doctor/index.js';

const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');

/** The line of a check in the table of docs/doctor.md. */
const lineOf = ({ name, says, remedy, derived }: (typeof checks)[number]): string =>
  `| \`${name}\` | ${says} | ${remedy} | ${derived ? 'yes' : ''} |`;

it('docs/doctor.md has the line of every check, and no other', () => {
  const plain = (text: string) => text.replace(/ +/g, ' ');
  const lines = plain(page)
    .split('\n')
    .filter((line) => /^\| `[a-z-]+` \| .* \| .* \|.*\|$/.test(line));
  expect(lines).toEqual(checks.map(lineOf).map(plain));
});
