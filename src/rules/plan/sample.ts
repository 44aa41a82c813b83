import { type Sql, type Tx } from '../../db/index.js';
import { type Candidate } from '../copy-placement.js';
import { type SiteConstraints } from '../site-constraints.js';
import { amountOf, sampleOf } from './content.sql.js';
import { type Flow, flowsOf, type Risks, type Ways } from './flows.sql.js';
import { type Amount } from './plan.js';

/** Files that are placed by themselves are placed one by one up to so many; of more, a sample. */
const ALONE_MAX = 100_000;
/** With constraints files are placed here and not by SQL. */
const CONSTRAINED_MAX = 10_000;

/** Files that stand for all of them: all, or one in `parts`, in a lake whose room is as much smaller. */
export interface Sample {
  /** SQL: as the files are given. */
  readonly files: Sql;
  readonly amount: Amount;
  readonly parts: number;
  readonly candidates: readonly Candidate[];
  readonly estimated: readonly string[];
}

/** As many of `files` (did_id, bytes, …), which come to `amount`, as are looked at one by one. */
export function sampleFrom(
  files: Sql,
  amount: Amount,
  sites: {
    readonly candidates: readonly Candidate[];
    readonly constraints: SiteConstraints | null;
  },
): Sample {
  const filesMax = sites.constraints ? CONSTRAINED_MAX : ALONE_MAX;
  const parts = Math.max(1, Math.ceil(Number(amount.files) / filesMax));
  return {
    files: sampleOf(files, parts),
    amount,
    parts,
    candidates: parts > 1 ? smaller(sites.candidates, BigInt(parts)) : sites.candidates,
    estimated:
      parts > 1 ? [`files are placed one by one: a sample of 1 in ${parts} is scaled up`] : [],
  };
}

const smaller = (candidates: readonly Candidate[], parts: bigint): readonly Candidate[] =>
  candidates.map((candidate) => ({
    ...candidate,
    quotaLeft: candidate.quotaLeft === null ? null : candidate.quotaLeft / parts,
    spaceLeft: candidate.spaceLeft === null ? null : candidate.spaceLeft / parts,
  }));

/** What copies of a sample (see `flowsOf`) come to for everything: files by files, bytes by bytes. */
export async function flowsOfSample(
  tx: Tx,
  sample: Sample,
  wanted: Sql,
  ways: Ways,
): Promise<{ readonly flows: readonly Flow[]; readonly risks: Risks }> {
  const { flows, risks } = await flowsOf(tx, wanted, ways);
  if (sample.parts <= 1) return { flows, risks };
  const some = await amountOf(tx, sample.files);
  const { amount } = sample;
  const scaled = (part: bigint, of: bigint, all: bigint) => (of === 0n ? 0n : (part * all) / of);
  const scale = ({ files, bytes }: Amount): Amount => ({
    files: scaled(files, some.files, amount.files),
    bytes: scaled(bytes, some.bytes, amount.bytes),
  });
  return {
    flows: flows.map((flow) => ({
      ...flow,
      ...scale(flow),
      freshBytes: scaled(flow.freshBytes, some.bytes, amount.bytes),
    })),
    risks: { single: scale(risks.single), oneSite: scale(risks.oneSite) },
  };
}
