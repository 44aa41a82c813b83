import { type SitePlace } from '../../src/rules/site-constraints.js';

/** RSE `n` of these parts, with these values. */
export const place = (n: number, parts: number[], ...values: (string | null)[]): SitePlace => ({
  rseId: n,
  name: `RSE-${n}`,
  parts,
  values,
  writable: true,
});

/** A placement of so many copies a part. */
export const asked = (
  copies: readonly number[],
  distinct: readonly string[] = [],
  maxSkew: number | null = null,
) => ({
  parts: copies.map((count, at) => ({ copies: count, rseExpression: `part=${at}`, weight: null })),
  distinct,
  maxSkew,
});
