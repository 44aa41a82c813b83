import { DidNamePatterns } from './naming.js';

/** Every bound of the door in one place. Source: Rucio's generic schema, except where a unit says. */
export const Limits = {
  accountLength: 25,
  scopeLength: 25,
  /** The longest of any naming scheme; how long a new one may be, its scheme says. */
  didNameLength: 500,
  bulkItems: 1000,
  replicasPerRequest: 1000,
  attachmentsPerRequest: 200_000,
  linksPerRequest: 10_000,
  lineageDepth: 100,
  ruleCommentLength: 250,
  ruleMetaLength: 3999,
  rulePhases: 20,
  /** Rules that a job names by their ids. */
  jobRules: 10_000,
  subscriptionNameLength: 64,
  subscriptionRules: 100,
  /** DIDs in one task of a subscription; a group that has so many is full. */
  taskDids: 100_000,
  /** DIDs that a task's event and its own answer name; of larger ones they are listed. */
  taskDidsTold: 1000,
  placementParts: 20,
  placementAttributes: 5,
  /** Of one part of a placement, and so of its maxSkew. */
  placementCopies: 1000,
  filterPatterns: 1000,
  patternLength: 1000,
  expressionLength: 3000,
  expressionDepth: 200,
  filtersLength: 65_536,
  metaKeyLength: 255,
  attributeKeyLength: 255,
  attributeValueLength: 1024,
  maxBytes: 9_223_372_036_854_775_807n,
} as const;

/**
 * Name patterns: Rucio's generic schema, without the parts `.` and `..`, which no path can have.
 */
export const Patterns = {
  account: /^[a-z0-9\-_]{1,25}$/,
  scope: /^(?!\.{1,2}$)[a-zA-Z_\-.0-9]{1,25}$/,
  didName: DidNamePatterns.generic,
  rse: /^[A-Z0-9]+([_-][A-Z0-9]+)*$/,
  adler32: /^[0-9a-fA-F]{8}$/,
  md5: /^[0-9a-fA-F]{32}$/,
  guid: /^\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?$/,
  accountAttribute: /^[a-zA-Z0-9\-_\\/.]{1,30}$/,
} as const;
