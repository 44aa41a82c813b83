import { type DidType } from '../../vocabulary/index.js';

/** A search of DIDs by metadata: any of the groups. */
export interface Filter {
  readonly groups: readonly Group[];
}

/** DIDs of one of the types for which all criteria hold. */
export interface Group {
  readonly types: readonly DidType[];
  readonly criteria: readonly Criterion[];
}

export const Operators = ['eq', 'ne', 'gte', 'lte', 'gt', 'lt'] as const;
export type Operator = (typeof Operators)[number];

/** What one metadata key must be. `key` is a column of DIDs (columns.ts), or else a key of one's own. */
export interface Criterion {
  readonly key: string;
  readonly operator: Operator;
  readonly value: Value;
}

export type Value = Missing | Like | Plain;

/** Python's None: the key has no value. */
export interface Missing {
  readonly kind: 'missing';
}

/** Text with wildcards, as a pattern of LIKE. */
export interface Like {
  readonly kind: 'like';
  readonly pattern: string;
}

/**
 * What the client wrote, and what it is taken for: `2000` is text that means a number. Own keys match
 * either, because command lines store every value as text.
 */
export interface Plain {
  readonly kind: 'plain';
  readonly text: string;
  readonly meaning: string | number | bigint | boolean | Date;
}
