import { type Tx } from '../db/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { findSites, type Sites } from './sites.js';
import { charged } from './spread-copies.js';

/**
 * The sites of rules that are placed one after the other in one transaction: those that want the same
 * are looked up once, and each finds what those before it leave.
 */
export class SharedSites {
  private known: { readonly wish: string; readonly sites: Sites } | undefined;

  constructor(private readonly tx: Tx) {}

  /** Throws as `findSites` does. */
  async of(rule: Rule): Promise<Sites> {
    const wish = wishOf(rule);
    if (this.known?.wish === wish) return this.known.sites;
    const sites = await findSites(this.tx, rule);
    this.known = { wish, sites };
    return sites;
  }

  /** So much was placed, in bytes. */
  charge(bytes: ReadonlyMap<RseId, bigint>): void {
    if (!this.known) return;
    const { wish, sites } = this.known;
    const candidates = charged(sites.candidates, bytes);
    const blocked = charged(sites.blocked, bytes);
    this.known = { wish, sites: { ...sites, candidates, blocked } };
  }
}

/** All that sites go by. A former phase is the rule's own. */
const wishOf = (rule: Rule): string =>
  JSON.stringify([
    ...[rule.accountId, rule.rseExpression, rule.weight, rule.sourceReplicaExpression],
    ...[rule.ignoreAvailability, rule.ignoreAccountLimit, rule.constraints],
    rule.phase ? rule.uid : null,
  ]);
