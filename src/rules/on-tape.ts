import { type Rse } from '../rses/index.js';
import { RseType } from '../vocabulary/index.js';
import { type SiteConstraints } from './site-constraints.js';

/** Whether tape may be all that a rule over these RSEs, or each of its parts, is about. */
export function isOnTape(named: readonly Rse[], constraints: SiteConstraints | null): boolean {
  const tapes = named.filter((rse) => rse.type === RseType.TAPE);
  if (!constraints) return tapes.length > 0;
  const partsOf = (rse: Rse) => constraints.places.get(rse.id)?.parts ?? [];
  return constraints.parts.every((_, at) => tapes.some((rse) => partsOf(rse).includes(at)));
}
