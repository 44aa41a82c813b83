import { type Static, type TSchema } from 'typebox';
import { InvalidObject, KeyError, ValueError, WireTypeError } from '../../errors/index.js';
import { parseBody } from './parse-body.js';

/**
 * Checks a body that must be an object of parameters, in the classes that the reference server uses:
 * no body is a ValueError, another kind of value a TypeError, a missing parameter a KeyError; all
 * else that is wrong is parseBody's InvalidObject.
 */
export function parseParameters<Schema extends TSchema>(
  schema: Schema,
  body: unknown,
  what: string,
): Static<Schema> {
  const given = parseObject(body, what);
  const { required = [] } = schema as { readonly required?: readonly string[] };
  for (const key of required) {
    if (!Object.hasOwn(given, key)) {
      throw new KeyError(`'${key}' not defined: the body of ${what} needs it`, { key });
    }
  }
  return parseBody(schema, body, what);
}

/** A body that must be an object. Throws ValueError for no body, TypeError for another value. */
export function parseObject(body: unknown, what: string): Readonly<Record<string, unknown>> {
  if (body === undefined) throw new ValueError(`There is no body: ${what} takes a JSON object`);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
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
