import { codecOf } from './codec.js';

/** To which DIDs a declared metadata key applies. */
export const KeyType = {
  ALL: 'A',
  COLLECTION: 'L',
  CONTAINER: 'C',
  DATASET: 'D',
  FILE: 'F',
  DERIVED: 'V',
} as const;
export type KeyType = (typeof KeyType)[keyof typeof KeyType];
export const KeyTypeCodec = codecOf(KeyType);
