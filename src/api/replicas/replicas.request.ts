import { Type, type Static } from 'typebox';
import { InvalidObject, UnsupportedOperation } from '../../errors/index.js';
import {
  adler32ToInt4,
  type DidName,
  DidNamePatterns,
  Limits,
  type NamingScheme,
  normaliseMd5,
  Patterns,
  ReplicaState,
  ReplicaStateCodec,
} from '../../vocabulary/index.js';
import { parseName, parseParameters } from '../wire/index.js';

const Optional = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null(), Type.Literal('')]));

const scope = Type.String({ pattern: Patterns.scope.source });
/** Of any naming scheme; the site's own is asked where a name is given. */
const name = Type.String({ pattern: DidNamePatterns.dirac.source });
/** Reading asks for no more than a word character somewhere. */
const anyName = Type.String({ minLength: 1, maxLength: Limits.didNameLength, pattern: '\\w' });
const rse = Type.String({ minLength: 1, maxLength: 255 });
const items = { minItems: 1, maxItems: Limits.replicasPerRequest };

const NewReplica = Type.Object(
  {
    scope,
    name,
    bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    adler32: Optional(Type.String({ pattern: Patterns.adler32.source })),
    md5: Optional(Type.String({ pattern: Patterns.md5.source })),
    meta: Optional(Type.Record(Type.String(), Type.Unknown())),
    pfn: Optional(Type.String({ maxLength: 2048 })),
    state: Optional(Type.String()),
    type: Optional(Type.String()),
    rules: Optional(Type.Array(Type.Unknown())),
  },
  { additionalProperties: false },
);
const NewReplicas = Type.Object({
  rse,
  files: Type.Array(NewReplica, items),
  ignore_availability: Optional(Type.Boolean()),
});

/** A file that a client says is, or will be, at an RSE. */
export interface NewReplica extends DidName {
  readonly bytes: bigint;
  readonly adler32: number | null;
  readonly md5: string | null;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly pfn: string | null;
  readonly state: ReplicaState;
}

export interface NewReplicas {
  readonly rse: string;
  readonly files: readonly NewReplica[];
  readonly ignoreAvailability: boolean;
}

/** Throws KeyError, InvalidObject, ValueError. */
export function parseNewReplicas(body: unknown, naming: NamingScheme): NewReplicas {
  const given = parseParameters(NewReplicas, body, 'replicas');
  given.files.forEach((file, at) =>
    parseName(DidNamePatterns[naming], file.name, `files[${at}].name`),
  );
  return {
    rse: given.rse,
    files: given.files.map(newReplica),
    ignoreAvailability: given.ignore_availability === true,
  };
}

const newReplica = (file: Static<typeof NewReplica>, at: number): NewReplica => ({
  scope: file.scope,
  name: file.name,
  bytes: BigInt(file.bytes),
  adler32: file.adler32 ? adler32ToInt4(file.adler32) : null,
  md5: file.md5 ? normaliseMd5(file.md5) : null,
  ...(file.meta && { meta: withoutNulls(file.meta) }),
  pfn: file.pfn ? file.pfn : null,
  state: newState(file.state, at),
});

/** A client's null says nothing about a new name. */
const withoutNulls = (meta: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== null));

const NEW_STATES: readonly string[] = [
  ReplicaState.AVAILABLE,
  ReplicaState.COPYING,
  ReplicaState.UNAVAILABLE,
  ReplicaState.TEMPORARY_UNAVAILABLE,
];

function newState(text: string | null | undefined, at: number): ReplicaState {
  if (!text) return ReplicaState.AVAILABLE;
  const state = ReplicaStateCodec.parse(text);
  if (state !== undefined && NEW_STATES.includes(state)) return state;
  throw new InvalidObject(
    `Problem validating replicas: files[${at}].state takes A, C, U or T, not '${text}'`,
    { field: `files[${at}].state` },
  );
}

const ChangedReplicas = Type.Object({
  rse,
  files: Type.Array(Type.Object({ scope: anyName, name: anyName, state: Type.String() }), items),
});

export interface ChangedReplica extends DidName {
  readonly state: ReplicaState;
}

/** The states that clients report. Throws UnsupportedOperation for one that is not theirs to set. */
export function parseChangedReplicas(body: unknown): {
  readonly rse: string;
  readonly files: readonly ChangedReplica[];
} {
  const given = parseParameters(ChangedReplicas, body, 'replicas');
  return {
    rse: given.rse,
    files: given.files.map((file, at) => {
      const state = ReplicaStateCodec.parse(file.state);
      if (state === undefined) {
        throw new InvalidObject(
          `Problem validating replicas: files[${at}].state takes ${ReplicaStateCodec.letters.join(', ')}`,
          { field: `files[${at}].state` },
        );
      }
      if (state === ReplicaState.COPYING || state === ReplicaState.BEING_DELETED) {
        throw new UnsupportedOperation(
          `The state ${ReplicaStateCodec.name(state)} cannot be set: files[${at}]`,
        );
      }
      return { scope: file.scope, name: file.name, state };
    }),
  };
}

const NamedReplicas = Type.Object({
  rse,
  files: Type.Array(Type.Object({ scope: anyName, name: anyName }), items),
  ignore_availability: Optional(Type.Boolean()),
});

/** Copies at one RSE by name. */
export function parseNamedReplicas(body: unknown): {
  readonly rse: string;
  readonly files: readonly DidName[];
  readonly ignoreAvailability: boolean;
} {
  const given = parseParameters(NamedReplicas, body, 'replicas');
  return {
    rse: given.rse,
    files: given.files.map((file) => ({ scope: file.scope, name: file.name })),
    ignoreAvailability: given.ignore_availability === true,
  };
}

const Tombstones = Type.Object({
  replicas: Type.Array(Type.Object({ rse, scope: anyName, name: anyName }), items),
});

/** Copies anywhere by name, in the order given. */
export const parseTombstones = (body: unknown): (DidName & { readonly rse: string })[] =>
  parseParameters(Tombstones, body, 'replicas').replicas.map(({ rse, scope, name }) => ({
    rse,
    scope,
    name,
  }));

const Pfns = Type.Object({
  rse: Optional(rse),
  pfns: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
    maxItems: Limits.replicasPerRequest,
  }),
});

/** Physical names, perhaps all at one RSE. */
export function parsePfns(body: unknown): { rse: string | undefined; pfns: readonly string[] } {
  const given = parseParameters(Pfns, body, 'pfns');
  return { rse: given.rse ? given.rse : undefined, pfns: given.pfns };
}
