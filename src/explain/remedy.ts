import { type DidName } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';

// A remedy is the request that does it, with names in its path as clients send them.

/** A name in a path. */
export const part = encodeURIComponent;

/** A command line's word: quoted where the shell would read more than a word. */
export const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A DID as a command line's word. */
export const didWord = ({ scope, name }: DidName): string => word(`${scope}:${name}`);

/** A remedy; without a body or a command unless they are given. */
export const remedy = (given: Omit<Remedy, 'body' | 'command'> & Partial<Remedy>): Remedy => ({
  body: null,
  command: null,
  ...given,
});

/** What a remedy is about, of so many: `the file`, `these 3 files`, `the first 50 of these 187 files`. */
export function firstOf(
  named: readonly unknown[],
  of: bigint,
  noun: string,
  plural: string,
): string {
  if (of > BigInt(named.length)) {
    return `the first ${named.length} of these ${of.toLocaleString('en-US')} ${plural}`;
  }
  return named.length === 1 ? `the ${noun}` : `these ${plural}`;
}
