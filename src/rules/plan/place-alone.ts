import { sql, type Tx } from '../../db/index.js';
import { SluiceError } from '../../errors/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { sizesBelow } from '../approval.js';
import { type Candidate } from '../copy-placement.js';
import { spreadCopies } from '../spread-copies.js';
import { filesAlone } from './content.sql.js';
import { type Draft } from './draft-rules.js';
import { copiesOfFiles, wantedByFiles } from './flows.sql.js';
import { type Alone, CHOSEN_AS_THEY_ARE, type Ground, NOBODY } from './placing.js';
import { type Amount } from './plan.js';
import { flowsOfSample, sampleFrom } from './sample.js';

/** No rule has this id, and so no locks. */
const NEW = 0n;

/** Places the files below some DIDs each by itself (grouping NONE), by the decisions of creation. */
export async function placeAlone(
  tx: Tx,
  { spec, dids }: Draft,
  roots: readonly DidId[],
  { sites, map, sliceLocks, before }: Ground,
): Promise<Alone> {
  if (roots.length === 0) return NOBODY;
  const amount = await sizeOfAll(
    tx,
    dids.filter(({ id }) => roots.includes(id)),
  );
  const { candidates, constraints } = sites;
  const sample = sampleFrom(filesAlone(roots), amount, sites);
  const isSliced = amount.files * BigInt(spec.copies) > sliceLocks;
  const estimated = [
    ...sample.estimated,
    ...(sample.parts <= 1 && isTight(candidates) && isSliced
      ? ['files are placed one by one, in slices: limits may be met in another order']
      : []),
    ...(before.copies ? [CHOSEN_AS_THEY_ARE] : []),
  ];
  try {
    const { copies } = await spreadCopies(tx, { id: NEW, copies: spec.copies }, sample.files, {
      candidates: sample.candidates,
      constraints,
    });
    const wanted = copiesOfFiles(sample.files, copies);
    const destinations = candidates.flatMap(({ rseId, weight }) =>
      weight === null ? [] : [rseId],
    );
    const ways = await map.waysTo(destinations, sites);
    const result = [await flowsOfSample(tx, sample, wantedByFiles(wanted, before), ways)];
    const later = sql`SELECT w.did_id, w.rses FROM (${wanted}) w`;
    const found = { copies: later, rses: new Set(destinations) };
    return {
      amount,
      result,
      errors: [],
      estimated,
      wanted: [sample.parts > 1 ? undefined : found],
    };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { ...NOBODY, amount, errors: [error], estimated };
  }
}

async function sizeOfAll(tx: Tx, dids: Draft['dids']): Promise<Amount> {
  let [files, bytes] = [0n, 0n];
  for (const size of (await sizesBelow(tx, dids)).values()) {
    files += size.length;
    bytes += size.bytes;
  }
  return { files, bytes };
}

const isTight = (candidates: readonly Candidate[]): boolean =>
  candidates.some(({ quotaLeft, spaceLeft }) => quotaLeft !== null || spaceLeft !== null);
