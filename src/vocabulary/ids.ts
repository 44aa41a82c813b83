/**
 * Keys inside. Integers never leave the process; clients see `scope:name`, names and 32-hex ids.
 */
export type DidId = bigint;
export type RuleId = bigint;
export type RequestId = bigint;
export type RseId = number;
export type AccountId = number;

/** A data identifier as the wire names it. */
export interface DidName {
  readonly scope: string;
  readonly name: string;
}

/** One copy: a file at a storage element. */
export interface CopyKey {
  readonly didId: DidId;
  readonly rseId: RseId;
}

/** A stored uuid as the wire shows it: 32 lower-case hex digits. */
export const wireId = (uuid: string): string => uuid.replaceAll('-', '').toLowerCase();

/** Reads a wire id (with or without dashes) as a uuid, or gives undefined. */
export function parseWireId(text: string): string | undefined {
  const hex = text.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return [0, 8, 12, 16, 20].map((at, i) => hex.slice(at, [8, 12, 16, 20, 32][i])).join('-');
}
