import { Type } from 'typebox';
import { type Meta } from '../../metadata/index.js';
import {
  adler32ToInt4,
  type DidName,
  Limits,
  type NamingScheme,
  Patterns,
} from '../../vocabulary/index.js';
import { parseNewName } from '../dids/did-name.js';
import { parseParameters } from '../wire/index.js';
import { didOfLfn } from './logical-path.js';

const Optional = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null(), Type.Literal('')]));
const Metadata = Type.Record(Type.String(), Type.Unknown());

/** Other keys of a file are ignored; `rse_id` is one of them: the name says it. */
const Files = Type.Object({
  lfns: Type.Array(
    Type.Object({
      lfn: Type.String({ maxLength: Limits.didNameLength }),
      rse: Type.String({ minLength: 1, maxLength: 255 }),
      bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      adler32: Optional(Type.String({ pattern: Patterns.adler32.source })),
      guid: Optional(Type.String({ pattern: Patterns.guid.source })),
      pfn: Optional(Type.String({ maxLength: 2048 })),
      meta: Optional(Metadata),
    }),
    { maxItems: Limits.bulkItems },
  ),
  ignore_availability: Optional(Type.Boolean()),
  parents_metadata: Optional(Type.Record(Type.String(), Metadata)),
});

/** A file that DIRAC says is at a storage element. */
export interface DiracFile extends DidName {
  readonly rse: string;
  readonly bytes: bigint;
  /** Two's complement, as the catalogue stores it. */
  readonly adler32: number | null;
  readonly pfn: string | null;
  readonly meta: Meta;
}

export interface DiracFiles {
  /** Each name once: the first of several counts. */
  readonly files: readonly DiracFile[];
  readonly ignoreAvailability: boolean;
  /** What new directories say about themselves, by path. */
  readonly parentsMeta: Readonly<Record<string, Meta>>;
}

/** The body of `POST dirac/addfiles`. Throws KeyError, InvalidObject, InvalidPath. */
export function parseFiles(body: unknown, naming: NamingScheme): DiracFiles {
  const given = parseParameters(Files, body, 'files');
  const files = new Map<string, DiracFile>();
  for (const { lfn, rse, bytes, adler32, guid, pfn, meta } of given.lfns) {
    if (files.has(lfn)) continue;
    files.set(lfn, {
      ...parseNewName(didOfLfn(lfn), naming),
      rse,
      bytes: BigInt(bytes),
      adler32: adler32 ? adler32ToInt4(adler32) : null,
      pfn: pfn || null,
      meta: { ...withoutNulls(meta || {}), ...(guid && { guid }) },
    });
  }
  return {
    files: [...files.values()],
    ignoreAvailability: given.ignore_availability === true,
    parentsMeta: given.parents_metadata || {},
  };
}

/** A client's null says nothing about a new name. */
const withoutNulls = (meta: Meta): Meta =>
  Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== null));
