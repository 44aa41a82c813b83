import { type Tx } from '../../db/index.js';
import { ReplicaNotFound } from '../../errors/index.js';
import { findByPfns, type Place } from '../../replicas/index.js';
import { findRse, listRses, parsePfn, pathUnder, protocolsOf } from '../../rses/index.js';
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
  readonly copy: CopyKey | undefined;
}

/** Looks up physical names. Throws ReplicaNotFound for one that is at none of the RSEs. */
export async function findPfns(
  tx: Tx,
  places: readonly Place[],
  pfns: readonly string[],
): Promise<PfnPlace[]> {
  const located = pfns.map((pfn) => {
    const parsed = parsePfn(pfn);
    const place = places.find(({ protocols }) =>
      protocols.some((protocol) => pathUnder(protocol, parsed) !== undefined),
    );
    if (!place) throw new ReplicaNotFound(`The PFN ${pfn} is at no known RSE`, { pfn });
    return { pfn, place };
  });
  const found = new Map((await findByPfns(tx, places, pfns)).map((each) => [each.pfn, each]));
  return located.map(({ pfn, place: { rse } }) => {
    const did = found.get(pfn);
    const copy = did && { didId: did.didId, rseId: did.rse.id };
    return { said: pfn, pfn, rse: rse.name, did, copy };
  });
}
