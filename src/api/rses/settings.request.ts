import { Type } from 'typebox';
import { InvalidObject, KeyError } from '../../errors/index.js';
import { Limits } from '../../vocabulary/index.js';
import { parseBody, parseName, parseObject } from '../wire/index.js';

/** The largest number of bytes that a body may name. */
export const MOST_BYTES = Number(Limits.maxBytes) - 1024;

const AttributeBody = Type.Object({
  value: Type.Union([
    Type.String({ maxLength: Limits.attributeValueLength }),
    Type.Boolean(),
    Type.Number(),
  ]),
});

/** An attribute's value as text. */
export function parseAttributeValue(key: string, body: unknown): string {
  const { length } = key;
  if (length > Limits.attributeKeyLength) {
    throw new InvalidObject(`Problem validating key: longer than ${Limits.attributeKeyLength}`);
  }
  return String(parseBody(AttributeBody, body, 'an RSE attribute').value);
}

const name = Type.String({ minLength: 1, maxLength: Limits.attributeKeyLength });

const LimitBody = Type.Object({
  name,
  value: Type.Integer({ minimum: -MOST_BYTES, maximum: MOST_BYTES }),
});

export function parseRseLimit(body: unknown): { readonly name: string; readonly value: bigint } {
  const limit = parseBody(LimitBody, body, 'an RSE limit');
  return { name: limit.name, value: BigInt(limit.value) };
}

/** The name of a limit to delete. */
export const parseLimitName = (body: unknown): string =>
  parseBody(Type.Object({ name }), body, 'an RSE limit').name;

/** The name of a quality of service that an RSE is about to get. */
export const parseQosPolicy = (policy: string): string =>
  parseName(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, policy, 'qos_policy');

const amount = Type.Union([Type.Integer({ minimum: 0, maximum: MOST_BYTES }), Type.Null()]);

const UsageBody = Type.Object({
  source: name,
  used: Type.Integer({ minimum: 0, maximum: MOST_BYTES }),
  free: Type.Optional(amount),
  files: Type.Optional(amount),
});

/** What a storage says about itself; our own count cannot be told to us. */
export function parseUsage(body: unknown): {
  readonly source: string;
  readonly used: bigint;
  readonly free: bigint | null;
  readonly files: bigint | null;
} {
  const { source, used, free, files } = parseBody(UsageBody, body, 'RSE usage');
  if (source === 'rucio') {
    throw new InvalidObject("Problem validating source: 'rucio' is our own count");
  }
  return { source, used: BigInt(used), free: integer(free), files: integer(files) };
}

const integer = (value: number | null | undefined): bigint | null =>
  value === null || value === undefined ? null : BigInt(value);

const DistanceBody = Type.Object({
  distance: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  bidirectional: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
});

/** A distance, under its name of today or its older one, `ranking`. */
export function parseDistance(body: unknown): {
  readonly distance: number;
  readonly bidirectional: boolean;
} {
  const { ranking, ...given } = parseObject(body, 'a distance');
  if (given.distance === undefined && ranking === undefined) {
    throw new KeyError("'distance' not defined: the body of a distance needs it");
  }
  const named = { ...given, distance: given.distance ?? ranking };
  const { distance, bidirectional } = parseBody(DistanceBody, named, 'a distance');
  return { distance, bidirectional: bidirectional ?? false };
}
