import { type Tx } from '../../db/index.js';
import { ReplicaNotFound } from '../../errors/index.js';
import { findByPfns, type Place, whereabouts } from '../../replicas/index.js';
import { findRse, listRses, protocolsOf } from '../../rses/index.js';
import { type CopyKey, type DidName } from '../../vocabulary/index.js';

/** The RSE of that name, or all of them, with their protocols. */
export async function placesOf(tx: Tx, rse?: string): Promise<Place[]> {
  const rses = rse === undefined ? await listRses(tx) : [await findRse(tx, rse)];
  const protocols = await protocolsOf(
    tx,
    rses.map(({ id }) => id),
  );
  return rses.map((each) => ({ rse: each, protocols: protocols.get(each.id) ?? [] }));
}

/** A physical name, the RSE it is at, and the file it is, where the catalogue has one. */
export interface PfnPlace {
  readonly said: string;
  readonly pfn: string;
  readonly rse: string;
  readonly did: DidName | undefined;
  /** Where the catalogue has the file; whether it has the copy is for the caller's next step. */
  readonly copy: CopyKey | undefined;
}

/** Looks up physical names. Throws ReplicaNotFound for one that is at none of the RSEs. */
export async function findPfns(
  tx: Tx,
  places: readonly Place[],
  pfns: readonly string[],
): Promise<PfnPlace[]> {
  const located = pfns.map((pfn) => {
    const [place] = whereabouts(places, pfn);
    if (!place) throw new ReplicaNotFound(`The PFN ${pfn} is at no known RSE`, { pfn });
    return place;
  });
  const found = new Map((await findByPfns(tx, places, pfns)).map((each) => [each.pfn, each]));
  return located.map(({ pfn, rse }) => {
    const did = found.get(pfn);
    const copy = did && { didId: did.didId, rseId: did.rse.id };
    return { said: pfn, pfn, rse: did?.rse.name ?? rse.name, did, copy };
  });
}

/** Looks up copies by physical name. Throws ReplicaNotFound for the first that is no copy of the catalogue. */
export async function demandCopies(
  tx: Tx,
  places: readonly Place[],
  pfns: readonly string[],
): Promise<CopyKey[]> {
  const found = new Map((await findByPfns(tx, places, pfns)).map((each) => [each.pfn, each]));
  return [...new Set(pfns)].map((pfn) => {
    const each = found.get(pfn);
    if (!each?.copied) {
      throw new ReplicaNotFound(`The PFN ${pfn} is no copy that the catalogue has`, { pfn });
    }
    return { didId: each.didId, rseId: each.rse.id };
  });
}
