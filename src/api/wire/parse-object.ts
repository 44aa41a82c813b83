import { InvalidObject, ValueError, WireTypeError } from '../../errors/index.js';
import { refuseNul } from './nul.js';

/**
 * A body that must be an object. Throws ValueError for no body, TypeError for another value,
 * InvalidObject where a NUL is in it.
 */
export function parseObject(body: unknown, what: string): Readonly<Record<string, unknown>> {
  if (body === undefined) throw new ValueError(`There is no body: ${what} takes a JSON object`);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    refuseNul(body, what);
    return body as Record<string, unknown>;
  }
  throw new WireTypeError(`The body of ${what} must be a JSON object`);
}

/** A name that is about to be given. Throws InvalidObject unless all of it fits the pattern. */
export function parseName(pattern: RegExp, name: string, what: string): string {
  if (pattern.test(name)) return name;
  throw new InvalidObject(
    `Problem validating ${what}: '${name}' does not match '${pattern.source}'`,
    { [what]: name },
  );
}
