import { DidType, RuleGrouping } from '../vocabulary/index.js';

/** How a new rule is placed: with others of its kind, or by itself. */
export type PlacingKind = 'files' | 'datasets' | 'one';

/** What decides how a new rule is placed. */
export interface Placeable {
  readonly didType: DidType;
  readonly grouping: RuleGrouping;
  /** What else it wants, as a number that only equal wishes share. */
  readonly wish?: number;
}

export interface PlacingRun<Item> {
  readonly kind: PlacingKind;
  readonly items: readonly Item[];
}

function kindOf({ didType, grouping }: Placeable): PlacingKind {
  if (didType === DidType.FILE) return 'files';
  return didType === DidType.DATASET && grouping !== RuleGrouping.NONE ? 'datasets' : 'one';
}

/**
 * Rules of one kind and one wish that follow each other, and every other rule by itself: what is placed
 * at once.
 */
export function runsOf<Item extends Placeable>(items: readonly Item[]): PlacingRun<Item>[] {
  const runs: { readonly kind: PlacingKind; readonly items: Item[] }[] = [];
  for (const item of items) {
    const run = runs.at(-1);
    const kind = kindOf(item);
    const alike = run?.kind === kind && run.items[0]?.wish === item.wish;
    if (run && kind !== 'one' && alike) run.items.push(item);
    else runs.push({ kind, items: [item] });
  }
  // One dataset by itself is placed slice by slice, however large it is.
  return runs.map(({ kind, items: some }) => ({
    kind: kind === 'datasets' && some.length === 1 ? 'one' : kind,
    items: some,
  }));
}
