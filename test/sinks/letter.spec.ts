import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Letter, letterOf } from '../../src/sinks/letter.js';

const letter = (to: unknown, subject: unknown = 'Hello', body: unknown = 'text') =>
  letterOf({ to, subject, body });

describe('the letter of an event', () => {
  it('goes to the addresses of its payload, each once', () => {
    const to = ['jdoe@example.org', "o'neil+lake@mail.example.org", 'jdoe@example.org'];
    expect(letter(to)).toEqual({
      to: ['jdoe@example.org', "o'neil+lake@mail.example.org"],
      subject: 'Hello',
      body: 'text',
      wrong: [],
    });
  });

  it.each([
    'jdoe@example.org\r\nBcc: all@example.org',
    'jdoe@example.org\nall@example.org',
    'jdoe@example.org, all@example.org',
    'J. Doe <jdoe@example.org>',
    '"jdoe"@example.org',
    'jdoe',
    'jdoe@',
    '@example.org',
    'jdoe@example.org SIZE=1',
    'jdoe@[127.0.0.1]',
    `${'a'.repeat(65)}@example.org`,
  ])('does not go to %j', (wrong) => {
    expect(letter([wrong])).toMatch(/^no address among/);
    expect(letter([wrong, 'other@example.org'])).toMatchObject({
      to: ['other@example.org'],
      wrong: [wrong],
    });
  });

  it('has a subject of one line', () => {
    expect(
      letter(['jdoe@example.org'], 'Rule\r\nBcc: all@example.org\u2028\u0000 x'),
    ).toMatchObject({
      subject: 'Rule Bcc: all@example.org  x',
    });
  });

  it('is none without addresses, subject or body', () => {
    expect(letterOf({})).toMatch(/^no letter/);
    expect(letter('jdoe@example.org')).toMatch(/^no letter/);
    expect(letter(['jdoe@example.org'], null)).toMatch(/^no letter/);
    expect(letter(['jdoe@example.org'], 'Hello', 7)).toMatch(/^no letter/);
    expect(letter([])).toBe('no address among []');
  });

  it('never has a line break, a bracket or a comma where a header would read it', () => {
    const parts = fc.constantFrom(
      'a@b.org',
      '\r\n',
      '\n',
      '\r',
      ',',
      '<',
      '>',
      ' ',
      ':',
      'Bcc',
      '@',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(parts).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(fc.array(text), text, (to, subject) => {
        const made = letter(to, subject);
        if (typeof made === 'string') return;
        const { to: addresses, subject: line }: Letter = made;
        for (const address of addresses) expect(address).toMatch(/^[^\s,:;<>"()[\]\p{Cc}]+$/u);
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});
