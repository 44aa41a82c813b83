import { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { InvalidObject } from '../../errors/index.js';

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

/** The first problem, as field and words. A union says what it takes, not what each branch lacks. */
function problem(errors: readonly SchemaError[]): { field: string; wrong: string } {
  const first = errors[0];
  if (!first) return { field: '', wrong: 'is wrong' };
  const field = fieldOf(first.instancePath);
  if (first.keyword === 'boolean') return { field, wrong: 'is not a known field' };
  const missing = first.params.requiredProperties?.[0];
  if (missing !== undefined) {
    return { field: field === '' ? missing : `${field}.${missing}`, wrong: 'is missing' };
  }
  const here = errors.filter((error) => error.instancePath === first.instancePath);
  const allowed = here.filter((error) => error.keyword === 'const');
  const others = here.filter((error) => !['const', 'anyOf'].includes(error.keyword));
  const words = others.map((error) => error.message);
  if (allowed.length > 0) {
    words.unshift(`must be one of ${allowed.map((e) => String(e.params.allowedValue)).join(', ')}`);
  }
  return { field, wrong: words.join(', or ') };
}

/**
 * Checks a request body against a typebox schema, compiled once, and gives it typed. Throws
 * InvalidObject `Problem validating <what>: <field> <what is wrong>` for the first problem.
 */
export function parseBody<Schema extends TSchema>(
  schema: Schema,
  body: unknown,
  what: string,
): Static<Schema> {
  const check = compile(schema);
  if (check.Check(body)) return body as Static<Schema>;
  if (body === undefined) throw new InvalidObject(`Problem validating ${what}: there is no body`);
  const { field, wrong } = problem(check.Errors(body));
  throw new InvalidObject(`Problem validating ${what}: ${field || 'the body'} ${wrong}`, { field });
}
