import { type Cause } from '../vocabulary/index.js';

/** What can be explained. */
export const Kinds = ['rule', 'did', 'replica', 'rse', 'request', 'account'] as const;
export type Kind = (typeof Kinds)[number];

/** One thing that a person could do, with the very request that does it. */
export interface Remedy {
  /** What it is good for, as a sentence without a full stop. */
  readonly what: string;
  /** Who may. */
  readonly who: 'owner' | 'admin';
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: object | null;
  /** The command that sends it, where there is one. */
  readonly command: string | null;
}

/** What is not as it should be and has the same cause, source and destination. */
export interface Group {
  /** Where the files of the group stand: see the words of `STANDINGS`. */
  readonly standing: Standing;
  readonly cause: Cause | null;
  readonly source: string | null;
  readonly destination: string | null;
  readonly activity: string | null;
  readonly files: bigint;
  readonly bytes: bigint;
  /** Since when the first of them waits. */
  readonly oldest: Date | null;
  /** When the next of them is due. */
  readonly nextTry: Date | null;
  readonly attempts: number | null;
  /** What the storage said, of one of them. */
  readonly error: string | null;
  /** A few of them, as scope:name. */
  readonly examples: readonly string[];
  /** All of it in one line: `187 files: checksum mismatch at SHORE-DISK; 2 other sources; …`. */
  readonly sentence: string;
  /** What Sluice does about it, and when. */
  readonly next: string;
  /** What a person could do outside of Sluice; null where nothing is wrong. */
  readonly can: string | null;
  readonly remedies: readonly Remedy[];
}

/** Where the files of a group stand on their way. */
export const Standings = [
  'stuck',
  'lost',
  'bad',
  'blocked by a deletion',
  'uploading',
  'waiting',
  'queued',
  'being submitted',
  'under way',
  'being settled',
] as const;
export type Standing = (typeof Standings)[number];

/** Why something is as it is: few sentences, most important first, and what is behind them. */
export interface Explanation {
  readonly kind: Kind;
  /** As people name it: `rule 0123…`, `km3net:f1`, `km3net:f1@A-DISK`. */
  readonly subject: string;
  readonly state: string | null;
  readonly summary: string;
  readonly lines: readonly string[];
  readonly groups: readonly Group[];
  /** Groups that are not told, because there are more than anybody reads. */
  readonly moreGroups: number;
  /** What Sluice does next, and when. */
  readonly next: readonly string[];
  readonly remedies: readonly Remedy[];
  /** The same as values, by kind. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An explanation with nothing to say yet. */
export const blank = (kind: Kind, subject: string): Explanation => ({
  kind,
  subject,
  state: null,
  summary: '',
  lines: [],
  groups: [],
  moreGroups: 0,
  next: [],
  remedies: [],
  facts: {},
});
