import { appendFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { it } from '@jest/globals';

/** What is told of a fault: the rows of docs/faults.md. */
export interface Telling {
  readonly fault: string;
  /** What the history and the analysis kept. */
  readonly causes: readonly string[];
  /** From the end of the fault until every lock was OK. */
  readonly recoveredMs: number;
}

const KEPT = fileURLToPath(new URL('../../../.interop', import.meta.url));

/** Prints what a fault led to, and keeps it beside the other logs of the interop tests. */
export function tell({ fault, causes, recoveredMs }: Telling): void {
  const said = [...new Set(causes)].join(', ') || 'none';
  const seconds = (recoveredMs / 1000).toFixed(1);
  process.stdout.write(`  fault: ${fault} | cause: ${said} | recovered after ${seconds} s\n`);
  if (!existsSync(KEPT)) return;
  const row = { at: new Date().toISOString(), fault, causes: said, seconds: Number(seconds) };
  appendFileSync(`${KEPT}/faults.jsonl`, `${JSON.stringify(row)}\n`);
}

/** The time since `from` (performance.now()), in milliseconds. */
export const since = (from: number): number => performance.now() - from;

/** A story of more than a few seconds: only with SLUICE_INTEROP_SLOW=1 (`test:interop -- --slow`). */
export const slowly = process.env['SLUICE_INTEROP_SLOW'] === '1' ? it : it.skip;
