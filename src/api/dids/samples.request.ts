import { type Static, Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type DidName, Limits, type NamingScheme } from '../../vocabulary/index.js';
import { parseBody, parseParameters } from '../wire/index.js';
import { NamedDid } from './did-item.request.js';
import { parseNewName } from './did-name.js';

const text = Type.String({ minLength: 1, maxLength: Limits.didNameLength });
const Sample = Type.Object({
  input_scope: text,
  input_name: text,
  output_scope: text,
  output_name: text,
  nbfiles: Type.Union([Type.String({ maxLength: 20 }), Type.Integer()]),
});

/** What the path of an older client says; the body of `POST dids/sample` has the same keys. */
export type SamplePath = Static<typeof Sample>;

export interface SampleRequest {
  readonly input: DidName;
  readonly output: DidName;
  /** Files, at most. */
  readonly count: number;
}

/** Reads a request for a sample; the official client sends the number as text. */
export function parseSample(given: unknown, naming: NamingScheme): SampleRequest {
  const asked = parseParameters(Sample, given, 'a sample');
  const number = String(asked.nbfiles).trim();
  const count = /^\+?\d{1,9}$/.test(number) ? Number(number) : Number.NaN;
  if (!(count <= Limits.attachmentsPerRequest)) {
    throw new InvalidObject(
      `Problem validating nbfiles: '${number}' is no number from 0 to ${Limits.attachmentsPerRequest}`,
      { field: 'nbfiles' },
    );
  }
  return {
    input: { scope: asked.input_scope, name: asked.input_name },
    output: parseNewName({ scope: asked.output_scope, name: asked.output_name }, naming),
    count,
  };
}

const Resurrection = Type.Array(NamedDid, { maxItems: Limits.bulkItems });

/** The body of `POST dids/resurrect`. */
export const parseResurrection = (body: unknown): DidName[] =>
  parseBody(Resurrection, body, 'DIDs').map(({ scope, name }) => ({ scope, name }));
