import { type RseId } from '../vocabulary/index.js';

/** What decides among sources of one copy. */
export interface SourceTraits {
  readonly rseId: RseId;
  /** How often it failed lately for this copy. */
  readonly failures: number;
  readonly isTape: boolean;
  /** Undefined where nobody said how far it is. */
  readonly distance: number | undefined;
}

/**
 * Best first: what failed least, then disk before tape, then the shortest distance, then the RSE's
 * id, so that the choice is the same wherever it is made.
 */
export function compareSources(a: SourceTraits, b: SourceTraits): number {
  return (
    a.failures - b.failures ||
    Number(a.isTape) - Number(b.isTape) ||
    (a.distance ?? FAR) - (b.distance ?? FAR) ||
    a.rseId - b.rseId
  );
}

const FAR = Number.MAX_SAFE_INTEGER;
