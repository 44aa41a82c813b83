import { type PathAlgorithm } from './algorithm.js';
import { dirac } from './dirac.js';
import { hash } from './hash.js';
import { identity } from './identity.js';

export { type PathAlgorithm } from './algorithm.js';

/** Every way to name files at a deterministic RSE. How to add one: docs/storage.md. */
const all: readonly PathAlgorithm[] = [hash, identity, dirac];

/** By the value of an RSE's `lfn2pfn_algorithm`. */
export const ALGORITHMS: ReadonlyMap<string, PathAlgorithm> = new Map(
  all.map((algorithm) => [algorithm.name, algorithm]),
);

/** What an RSE without the attribute `lfn2pfn_algorithm` uses. */
export const DEFAULT_ALGORITHM = hash.name;
