import { isDatabaseUnavailable, isRetryable } from '../db/index.js';

/**
 * What is told of an error that is no fact about what was asked, but a fault of ours: its class and, of the
 * database, its code. Not its words, which may have anything in them: they are in the log.
 */
export function faultOf(error: unknown): string {
  if (isDatabaseUnavailable(error) || isRetryable(error)) {
    return 'The catalogue could not be reached.';
  }
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // The errors of the database's client are all called `error`; their class is not.
  const name = error instanceof Error ? error.constructor.name : '';
  const facts = [name, code].filter((it) => typeof it === 'string' && it !== '');
  const which = facts.length > 0 ? ` (${facts.join(' ')})` : '';
  return `Something went wrong on the server${which}; its log says what.`;
}
