import { datasetsBelow, sizesOf } from '../dids/index.js';
import { lit, rows, sql, type Tx } from '../db/index.js';
import { type DidId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';

/** Datasets that are looked up at once: walking a container of many small ones once for each would never end. */
const PAGE = 1000;

/** To decide where a dataset goes is as much work as so many locks. */
export const LOCKS_A_DECISION = 2;

/** The datasets at or below a rule's DID in the order of their ids, from the rule's cursor on. */
export class DatasetsAhead {
  private readonly page: { readonly id: DidId; readonly locks: number }[] = [];
  private ended = false;

  constructor(
    private readonly tx: Tx,
    private readonly rule: Pick<Rule, 'didId' | 'copies' | 'cursorDataset'>,
  ) {}

  /**
   * The first dataset after `after`, with those behind it as long as all of them together are no more
   * work than `budget` locks. The one at the cursor, of which a part may be placed, comes by itself. None
   * is the end. The sizes are estimates: files may come and go meanwhile.
   */
  async next(after: bigint, budget: number): Promise<DidId[]> {
    if (this.page.length === 0 && !this.ended) await this.turn(after);
    let left = budget;
    const alone = this.page[0]?.id === this.rule.cursorDataset;
    const end = alone ? 1 : this.page.findIndex(({ locks }) => (left -= locks) < 0);
    const taken = this.page.splice(0, end < 0 ? this.page.length : Math.max(1, end));
    return taken.map(({ id }) => id);
  }

  private async turn(after: bigint): Promise<void> {
    const { tx, rule } = this;
    const found = await rows<{ id: DidId }>(
      tx,
      sql`SELECT t.id FROM (${datasetsBelow(rule.didId)}) t
           WHERE t.id > ${after}::bigint ORDER BY t.id LIMIT ${lit(PAGE)}`,
    );
    this.ended = found.length < PAGE;
    const ids = found.map(({ id }) => id);
    // A single one is placed by itself, however large it is.
    const sizes = await sizesOf(tx, ids.length > 1 ? ids : []);
    for (const id of ids) {
      const locks = Number(sizes.get(id)?.length ?? 0n) * rule.copies;
      this.page.push({ id, locks: locks + LOCKS_A_DECISION });
    }
  }
}
