import { type DescriptionColumn, DescriptionColumns } from '../dids/index.js';

/** What a DID is, which no metadata call may change. */
const RESERVED: ReadonlySet<string> = new Set([
  'scope',
  'name',
  'account',
  'did_type',
  'is_open',
  'monotonic',
  'obsolete',
  'complete',
  'availability',
  'suppressed',
  'bytes',
  'length',
  'md5',
  'adler32',
  'rule_evaluation_action',
  'rule_evaluation_required',
  'expired_at',
  'deleted_at',
  'created_at',
  'updated_at',
  // Ours: set by attaching to an archive, never by hand.
  'is_archive',
  'constituent',
]);

export const isReserved = (key: string): boolean => RESERVED.has(key);

/** Whether a key is an account's own: nothing that every DID has by that name. */
export const isOwnKey = (key: string): boolean =>
  !RESERVED.has(key) && !Object.hasOwn(DescriptionColumns, key);

/** Whether a key is built in and may be set: a column of the DID. */
export const isBuiltIn = (key: string): key is DescriptionColumn =>
  Object.hasOwn(DescriptionColumns, key) && !RESERVED.has(key);
