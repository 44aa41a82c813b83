import {
  type Backfill,
  type BackfillPlan,
  type EntrySum,
  type PlannedDid,
  type PlannedEntry,
  type StandingOrder,
} from '../../subscriptions/index.js';
import { BackfillState, BackfillStateCodec, DidTypeCodec } from '../../vocabulary/index.js';

/** A backfill: what came of it so far, and how far it got, in per cent. */
export const presentBackfill = (account: string, name: string, backfill: Backfill) => ({
  account,
  subscription: name,
  state: BackfillStateCodec.name(backfill.state),
  error: backfill.error,
  per_minute: backfill.perMinute,
  again: backfill.again,
  progress: progressOf(backfill),
  seen: backfill.seen,
  matched: backfill.matched,
  rules: backfill.rules,
  tasks: backfill.tasks,
  failed: backfill.failed,
  created_at: backfill.createdAt,
  updated_at: backfill.updatedAt,
  ended_at: backfill.endedAt,
});

function progressOf({ state, cursorId, untilId }: Backfill): number {
  if (state === BackfillState.DONE || untilId === 0n) return 100;
  return Math.min(100, Number((cursorId * 100n) / untilId));
}

/** What a backfill would come to. */
export const presentPlan = (
  { subscription, rules }: StandingOrder,
  plan: BackfillPlan,
  perMinute: number,
) => ({
  dry_run: true,
  account: subscription.account,
  subscription: subscription.name,
  seen: plan.seen,
  matched: plan.matched,
  wanted: plan.wanted,
  files: plan.files,
  bytes: plan.bytes,
  per_minute: perMinute,
  minutes: Math.ceil(plan.wanted / perMinute),
  entries: plan.entries.map((sum) => presentEntry(sum, rules[sum.entry - 1])),
});

const presentEntry = (sum: EntrySum, rule: StandingOrder['rules'][number] | undefined) => ({
  ...(rule
    ? { rule: sum.entry, copies: rule.copies, rse_expression: rule.rseExpression }
    : { notify: true }),
  dids: Object.fromEntries(
    Object.entries(sum.dids).map(([outcome, count]) => [outcome.toLowerCase(), count]),
  ),
  files: sum.files,
  bytes: sum.bytes,
  ...(rule && { bytes_of_copies: sum.bytesOfCopies, error: sum.error }),
});

/** A DID that matches, and what a backfill would do with it. */
export const presentMatch = ({ did, length, bytes, entries }: PlannedDid) => ({
  scope: did.scope,
  name: did.name,
  did_type: DidTypeCodec.name(did.type),
  files: length,
  bytes,
  entries: entries.map(presentOutcome),
});

const presentOutcome = ({ entry, outcome, rules, error }: PlannedEntry) => ({
  ...(entry > 0 ? { rule: entry } : { notify: true }),
  outcome: outcome.toLowerCase(),
  ...(rules.length > 0 && { rules }),
  ...(error !== null && { error }),
});
