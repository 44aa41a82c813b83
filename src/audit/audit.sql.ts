import { execute, sql, type Tx } from '../db/index.js';
import { type AccountId } from '../vocabulary/index.js';

/** One change that someone may want to ask about later. */
export interface AuditEntry {
  /** Who did it, and in which request; null is the service itself. */
  readonly by: { readonly accountId: AccountId; readonly requestId?: string | undefined } | null;
  /** Noun and verb: `rse.add`, `account.limit.set`. */
  readonly action: string;
  /** What it was done to, by its wire name. */
  readonly subject: string;
  /** What is different now, as the wire would say it. Never a secret. */
  readonly change?: Readonly<Record<string, unknown>> | undefined;
}

/** Appends to the record of changes, in the transaction of the change itself. */
export const record = (tx: Tx, entry: AuditEntry): Promise<void> => recordAll(tx, [entry]);

/** The same for many changes of one request, in their order. */
export async function recordAll(tx: Tx, entries: readonly AuditEntry[]): Promise<void> {
  const changes = entries.map(({ change }) => (change ? JSON.stringify(change, plain) : null));
  await execute(
    tx,
    sql`INSERT INTO audit (account_id, action, subject, change, request_id)
        SELECT * FROM unnest(${entries.map(({ by }) => by?.accountId ?? null)}::int[],
          ${entries.map(({ action }) => action)}::text[], ${entries.map(({ subject }) => subject)}::text[],
          ${changes}::jsonb[], ${entries.map(({ by }) => by?.requestId ?? null)}::text[])`,
  );
}

const plain = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
