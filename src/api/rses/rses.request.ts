import { type RseTraits } from '../../rses/index.js';
import { InputValidationError, InvalidObject } from '../../errors/index.js';
import { Limits, Patterns, RseTypeCodec } from '../../vocabulary/index.js';
import { parseName, parseObject } from '../wire/index.js';

type Reader = (value: unknown, key: string) => unknown;
type Given = Readonly<Record<string, unknown>>;

const wrong = (key: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating rse: ${key} takes ${wanted}`, { key });

/** A real boolean, or one in words as command lines send it. */
const boolean: Reader = (value, key) => {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') throw wrong(key, 'true or false');
  return text === 'true';
};

const text: Reader = (value, key) => {
  if (value === null) return null;
  const plain = typeof value === 'number' ? String(value) : value;
  if (typeof plain === 'string' && plain.length <= Limits.attributeKeyLength) return plain;
  throw wrong(key, `a text of at most ${Limits.attributeKeyLength} characters`);
};

const coordinate =
  (bound: number): Reader =>
  (value, key) => {
    if (value === null) return null;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Math.abs(number) <= bound) return number;
    throw wrong(key, `degrees from -${bound} to ${bound}`);
  };

const type: Reader = (value, key) => {
  const letter = typeof value === 'string' ? RseTypeCodec.letter(value) : undefined;
  if (letter === undefined) throw wrong(key, RseTypeCodec.names.join(' or '));
  return letter;
};

const TRAITS: Readonly<Record<string, readonly [keyof RseTraits, Reader]>> = {
  rse_type: ['type', type],
  deterministic: ['deterministic', boolean],
  volatile: ['volatile', boolean],
  staging_area: ['stagingArea', boolean],
  availability_read: ['availabilityRead', boolean],
  availability_write: ['availabilityWrite', boolean],
  availability_delete: ['availabilityDelete', boolean],
  city: ['city', text],
  region_code: ['regionCode', text],
  country_name: ['countryName', text],
  continent: ['continent', text],
  time_zone: ['timeZone', text],
  ISP: ['isp', text],
  ASN: ['asn', text],
  qos_class: ['qosClass', text],
  latitude: ['latitude', coordinate(90)],
  longitude: ['longitude', coordinate(180)],
};

/** Availability as one number: 4 reading, 2 writing, 1 deleting. */
function parseAvailability(value: unknown): RseTraits {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 7) {
    throw wrong('availability', 'an integer from 0 to 7');
  }
  return {
    availabilityRead: (value & 4) !== 0,
    availabilityWrite: (value & 2) !== 0,
    availabilityDelete: (value & 1) !== 0,
  };
}

function parseTraits(given: Given): RseTraits {
  const { availability } = given;
  const numbered = availability !== undefined && availability !== null;
  const twice = Object.keys(given).find((key) => key.startsWith('availability_'));
  if (numbered && twice !== undefined) {
    throw new InputValidationError(`availability and ${twice} are both given: give one`);
  }
  const traits: Record<string, unknown> = {};
  for (const [key, [trait, read]] of Object.entries(TRAITS)) {
    const value = given[key];
    const nothingSaid = value === undefined || (value === null && read === boolean);
    if (!nothingSaid) traits[trait] = read(value, key);
  }
  return { ...traits, ...(numbered && parseAvailability(availability)) };
}

/** What is said about a new RSE. Unknown keys are ignored, as clients expect. */
export const parseNewRse = (body: unknown): RseTraits =>
  parseTraits(body === undefined ? {} : parseObject(body, 'an RSE'));

/** What is to change. Throws InputValidationError for what an RSE does not have. */
export function parseRseChange(body: unknown): RseTraits & { readonly name?: string } {
  const given = parseObject(body, 'an RSE update');
  const known = ['name', 'availability', ...Object.keys(TRAITS)];
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new InputValidationError(
      `An RSE has no '${unknown}' to update: use ${known.join(', ')}`,
      { key: unknown },
    );
  }
  const { name } = given;
  if (name === undefined) return parseTraits(given);
  return { ...parseTraits(given), name: parseRseName(name) };
}

/** A name that an RSE is about to get. */
export function parseRseName(name: unknown): string {
  const text = typeof name === 'string' ? name : '';
  if (text.length > Limits.attributeKeyLength) throw wrong('name', 'at most 255 characters');
  return parseName(Patterns.rse, text, 'rse');
}
