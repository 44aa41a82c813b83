import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidObject, KeyError, ValueError, WireTypeError } from '../../errors/index.js';
import { refuseNul } from './nul.js';

/** A property that may be missing or null. */
export const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

interface Compiled {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly SchemaError[];
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: {
    readonly additionalProperties?: readonly string[];
    readonly requiredProperties?: readonly string[];
    readonly allowedValue?: unknown;
  };
}

const compiled = new WeakMap<TSchema, Compiled>();

function compile(schema: TSchema): Compiled {
  const known = compiled.get(schema);
  if (known) return known;
  const fresh = Compile(schema) as unknown as Compiled;
  compiled.set(schema, fresh);
  return fresh;
}

/** `/dids/0/name` as people write it: `dids[0].name`. */
function fieldOf(pointer: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts.reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');
}

/** The problem of one field in words. A union says what it takes, not what each branch lacks. */
function problemOf(first: SchemaError, errors: readonly SchemaError[]): string {
  if (first.keyword === 'boolean') return 'is not a known field';
  const here = errors.filter((error) => error.instancePath === first.instancePath);
  const allowed = here.filter((error) => error.keyword === 'const');
  const others = here.filter((error) => !['const', 'anyOf'].includes(error.keyword));
  const words = others.map((error) => error.message);
  if (allowed.length > 0) {
    words.unshift(`must be one of ${allowed.map((e) => String(e.params.allowedValue)).join(', ')}`);
  }
  return words.join(', or ');
}

/**
 * Checks a request body against a typebox schema, compiled once, and gives it typed. Throws, each
 * with status 400 and `Problem validating <what>: <field> <what is wrong>` for the first problem:
 * ValueError for no body, TypeError for a body of another kind (a list for an object), KeyError for
 * a missing key of the body itself, InvalidObject for everything inside it.
 */
export function parseBody<Schema extends TSchema>(
  schema: Schema,
  body: unknown,
  what: string,
): Static<Schema> {
  const check = compile(schema);
  if (check.Check(body)) {
    refuseNul(body, what);
    return body as Static<Schema>;
  }
  const problem = `Problem validating ${what}:`;
  if (body === undefined) throw new ValueError(`${problem} there is no body`);
  const errors = check.Errors(body);
  const [first] = errors;
  if (!first) throw new InvalidObject(`${problem} the body is wrong`);
  const field = fieldOf(first.instancePath);
  if (first.keyword === 'type' && field === '') {
    throw new WireTypeError(`${problem} the body ${first.message}`);
  }
  const missing = first.params.requiredProperties?.[0];
  if (missing !== undefined) {
    const Missing = field === '' ? KeyError : InvalidObject;
    const path = field === '' ? missing : `${field}.${missing}`;
    throw new Missing(`${problem} ${path} is missing`, { field: path });
  }
  throw new InvalidObject(`${problem} ${field || 'the body'} ${problemOf(first, errors)}`, {
    field,
  });
}
