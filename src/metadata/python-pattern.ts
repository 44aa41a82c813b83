import { InvalidObject } from '../errors/index.js';
import { Limits } from '../vocabulary/index.js';

/** A pattern of a filter: text that a value must begin with, or an expression for the database. */
export type Pattern =
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'regex'; readonly regex: string };

/**
 * Reads a regular expression as Python means it where it is matched from the beginning of a text
 * (`re.match`): `RAW` matches RAW2 too, `RAW$` does not. What needs no expression becomes a prefix;
 * the rest is written for PostgreSQL, whose engine takes time in proportion to the text, runs outside
 * this process and can be stopped.
 *
 * Throws InvalidObject that names `field` for what that engine has not: references back to a group,
 * possessive and scoped flags, escapes that Python would refuse too, more than 1,000 characters.
 */
export function parsePattern(python: string, field: string): Pattern {
  if (python.length > Limits.patternLength) {
    throw wrong(field, python, `has more than ${Limits.patternLength} characters`);
  }
  if (!/[\\^$.|?*+()[\]{}]/.test(python)) return { kind: 'prefix', text: python };
  const flags = /^\(\?([aisu]+)\)/.exec(python);
  const body = translate(flags ? python.slice(flags[0].length) : python, field);
  const ignoreCase = flags?.[1]?.includes('i') ? '(?i)' : '';
  return { kind: 'regex', regex: `${ignoreCase}^(?:${body})` };
}

const wrong = (field: string, pattern: string, why: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: the pattern '${pattern.slice(0, 80)}' ${why}`, {
    field,
  });

const ESCAPE = String.raw`\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[\s\S]?`;
/** Escapes, comments, openings of groups, `{,n}`, openings of brackets, or any character. */
const OUTSIDE = new RegExp(
  String.raw`${ESCAPE}|\(\?#[^)]*\)|\(\?P<\w+>|\(\?P=|\(\?\(|\(\?[a-zA-Z-]+[:)]|\{,\d+\}|\[\^?\]?|[\s\S]`,
  'y',
);
const INSIDE = new RegExp(String.raw`${ESCAPE}|[\s\S]`, 'y');

function translate(python: string, field: string): string {
  let text = '';
  let inBrackets = false;
  for (let at = 0; at < python.length;) {
    const tokens: RegExp = inBrackets ? INSIDE : OUTSIDE;
    tokens.lastIndex = at;
    const token: string = tokens.exec(python)?.[0] ?? '';
    at += token.length;
    if (token.startsWith('\\')) {
      text += escape(token.slice(1), inBrackets, refusal);
    } else if (inBrackets) {
      // A bracket inside brackets is a character to Python, and may open a class here.
      text += token === '[' ? String.raw`\[` : token;
      inBrackets = token !== ']';
    } else {
      text += outside(token, refusal);
      inBrackets = token.startsWith('[');
    }
  }
  return text;

  function refusal(why: string): InvalidObject {
    return wrong(field, python, why);
  }
}

type Refusal = (why: string) => InvalidObject;

const BACK = 'refers back to a group, which is not supported';

function outside(token: string, refusal: Refusal): string {
  if (token.startsWith('(?#')) return '';
  if (token.startsWith('(?P<')) return '(';
  if (token === '(?P=' || token === '(?(') throw refusal(BACK);
  if (token.startsWith('{,')) return `{0${token.slice(1)}`;
  if (/^\(\?[a-zA-Z-]/.test(token)) throw refusal('has flags; (?i) may stand at its beginning');
  return token;
}

/** Escapes of letters that mean the same to both. */
const SAME = new Set([...'dDwWsSAZtnrfv']);

function escape(letters: string, inBrackets: boolean, refusal: Refusal): string {
  if (letters === '') throw refusal('ends in a backslash');
  if (letters.length > 1) return String.raw`\u${letters.slice(1).padStart(4, '0')}`;
  if (!/[a-zA-Z0-9]/.test(letters) || SAME.has(letters)) return `\\${letters}`;
  if (letters === 'a') return String.raw`\u0007`;
  if (letters === 'b') return inBrackets ? String.raw`\u0008` : String.raw`\y`;
  if (letters === 'B' && !inBrackets) return String.raw`\Y`;
  if (/[1-9]/.test(letters)) throw refusal(BACK);
  throw refusal(`has an escape that means nothing: \\${letters}`);
}
