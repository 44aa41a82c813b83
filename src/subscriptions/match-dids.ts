import { type Tx } from '../db/index.js';
import { matchTexts } from '../metadata/index.js';
import { type DescribedDid } from './described-did.js';
import { type Criterion, type DidFilter } from './did-filter.js';

/** Whether an expression fits a text; undefined where nobody knows yet. */
export type Verdict = (regex: string, text: string) => boolean | undefined;

/**
 * Whether a filter is about a DID, as far as `verdict` can tell: what it leaves open counts for the
 * DID. Pure.
 */
export function satisfies(filter: DidFilter, did: DescribedDid, verdict: Verdict): boolean {
  if (!filter.types.includes(did.type)) return false;
  if (filter.accounts && !filter.accounts.includes(did.account)) return false;
  const { minAvgFileSize, maxAvgFileSize } = filter;
  if (did.avgFileSize !== null) {
    if (minAvgFileSize !== null && did.avgFileSize < minAvgFileSize) return false;
    if (maxAvgFileSize !== null && did.avgFileSize > maxAvgFileSize) return false;
  }
  return filter.criteria.every((criterion) => holds(criterion, did, verdict));
}

function holds({ key, patterns, excluded }: Criterion, did: DescribedDid, verdict: Verdict) {
  const texts = did.texts(key);
  let open = false;
  for (const pattern of patterns) {
    for (const text of texts) {
      const fits =
        pattern.kind === 'prefix' ? text.startsWith(pattern.text) : verdict(pattern.regex, text);
      if (fits) return !excluded;
      open ||= fits === undefined;
    }
  }
  return excluded || open;
}

/**
 * The DIDs that each filter is about. Everything but regular expressions is decided here; those that
 * are left are asked of the database, each once with all the texts it has to do with.
 */
export async function matchDids(
  tx: Tx,
  filters: readonly DidFilter[],
  dids: readonly DescribedDid[],
): Promise<DescribedDid[][]> {
  const asked = new Map<string, Set<string>>();
  const ask: Verdict = (regex, text) => {
    const texts = asked.get(regex) ?? new Set();
    asked.set(regex, texts.add(text));
    return undefined;
  };
  const likely = filters.map((filter) => dids.filter((did) => satisfies(filter, did, ask)));
  if (asked.size === 0) return likely;
  const fitting = new Map<string, ReadonlySet<string>>();
  for (const [regex, texts] of asked) fitting.set(regex, await matchTexts(tx, regex, texts));
  const verdict: Verdict = (regex, text) => fitting.get(regex)?.has(text) ?? false;
  return filters.map((filter, at) =>
    (likely[at] ?? []).filter((did) => satisfies(filter, did, verdict)),
  );
}
