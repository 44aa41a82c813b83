import { InvalidObject } from '../../errors/index.js';
import { parsePhases, parsePlacement } from '../../rules/index.js';
import { parseParameters } from '../wire/index.js';
import { readRepair, RepairItem } from './repair.request.js';

/**
 * The readers of our own keys in a rule's meta, `{"sluice": {key: …}, …the user's own}`: by this way
 * clients say what Rucio's interface has no field for. Each throws InvalidObject that names its key.
 */
const READERS = {
  phases: (given: unknown) => parsePhases(given, 'meta.sluice.phases'),
  placement: (given: unknown) => parsePlacement(given, 'meta.sluice.placement'),
  repair: (given: unknown) => readRepair(parseParameters(RepairItem, given, 'meta.sluice.repair')),
} as const;

/** What a rule's meta says to us; a missing key was not said. */
export type SluiceMeta = {
  readonly [Key in keyof typeof READERS]?: ReturnType<(typeof READERS)[Key]>;
};

/**
 * Reads what a rule's meta, an object or its JSON, says to us. Nothing where it is any other text:
 * that is the user's. Throws InvalidObject, also for a key that we do not know.
 */
export function readSluiceMeta(meta: string | object | null | undefined): SluiceMeta {
  const given = sluiceOf(typeof meta === 'string' ? parsed(meta) : meta);
  if (given === undefined) return {};
  const known = Object.keys(READERS);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidObject(
      `Problem validating meta.sluice: it must be an object with keys of ${known.join(', ')}`,
      { field: 'meta.sluice' },
    );
  }
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const read = Object.hasOwn(READERS, key) ? READERS[key as keyof typeof READERS] : undefined;
      if (read) return [key, read(value)];
      throw new InvalidObject(
        `Problem validating meta.sluice: '${key}' is none of ${known.join(', ')}`,
        { field: `meta.sluice.${key}` },
      );
    }),
  );
}

const sluiceOf = (meta: unknown): unknown =>
  typeof meta === 'object' && meta !== null && Object.hasOwn(meta, 'sluice')
    ? (meta as { readonly sluice: unknown }).sluice
    : undefined;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
