import { sql, type Tx } from '../../db/index.js';
import { type SluiceError } from '../../errors/index.js';
import { chooseFiles, whyLeft } from '../move-files.js';
import { charged } from '../spread-copies.js';
import { amountOf } from './content.sql.js';
import { type Draft } from './draft-rules.js';
import { wantedByFiles } from './flows.sql.js';
import { locksLeaving } from './leaving.sql.js';
import { type Alone, CHOSEN_AS_THEY_ARE, type Ground, type Leaving, NOBODY } from './placing.js';
import { sumOf } from './plan.js';
import { flowsOfSample, type Sample, sampleFrom } from './sample.js';

/** Places anew what rules whose files go each its own way have where it leaves, as a hand-over would. */
export async function placeLeaving(
  tx: Tx,
  draft: Draft,
  ground: Ground,
  leaving: Leaving,
): Promise<Alone> {
  if (leaving.aloneIds.length === 0) return NOBODY;
  const { map, sites, before } = ground;
  const locks = locksLeaving(leaving);
  const amount = await amountOf(tx, locks);
  const targets = sites.candidates.filter(({ weight }) => weight !== null);
  const sample = sampleFrom(locks, amount, { ...sites, candidates: targets });
  const wish = {
    origin: leaving.rseId,
    files: sql`SELECT f.did_id, f.rule_id FROM (${sample.files}) f`,
    cause: 'drain',
    purge: true,
  };
  const { constraints } = sites;
  const moves = await chooseFiles({ tx, wish, constraints, targets: sample.candidates });
  const wanted = sql`
    SELECT c.did_id, ARRAY[c.target] AS rses, d.bytes FROM (${moves.files}) c
     CROSS JOIN LATERAL (SELECT coalesce(n.bytes, 0) AS bytes FROM dids n WHERE n.id = c.did_id OFFSET 0) d`;
  const ways = await map.waysTo(
    targets.map(({ rseId }) => rseId),
    sites,
    leaving.rseId,
  );
  const result = await flowsOfSample(tx, sample, wantedByFiles(wanted, before), ways);
  const isWhole = await goesWhole(tx, sample, { ...moves, files: sumOf(result.flows).files });
  const left = charged(sample.candidates, moves.charge);
  const errors: SluiceError[] = isWhole
    ? []
    : [whyLeft({ ...draft.spec, id: 0n }, { candidates: left, constraints }, moves.short[0])];
  const later = sql`SELECT w.did_id, w.rses FROM (${wanted}) w`;
  const found = { copies: later, rses: new Set(targets.map(({ rseId }) => rseId)) };
  return {
    amount,
    result: [result],
    errors,
    estimated: [...sample.estimated, ...(before.copies ? [CHOSEN_AS_THEY_ARE] : [])],
    wanted: [sample.parts > 1 ? undefined : found],
  };
}

/** Whether every file of the sample has where to go. */
async function goesWhole(
  tx: Tx,
  { parts, files, amount }: Sample,
  moves: {
    readonly short: readonly unknown[];
    readonly files: bigint;
    readonly charge: ReadonlyMap<number, bigint>;
  },
): Promise<boolean> {
  if (moves.short.length > 0) return false;
  if (parts <= 1) return moves.files === amount.files;
  const { bytes } = await amountOf(tx, files);
  return [...moves.charge.values()].reduce((sum, some) => sum + some, 0n) >= bytes;
}
