import { type Table } from './owners.js';

/** Keys of the section `retention`, in days. */
export type RetentionSetting =
  | 'requestHistoryDays'
  | 'ruleHistoryDays'
  | 'contentsHistoryDays'
  | 'deletedDidsDays'
  | 'messagesDays'
  | 'tracesDays'
  | 'usageHistoryDays'
  | 'auditDays';

/** A table that only grows, the time column it is partitioned by, and the setting that ends it. */
export interface Retention {
  readonly table: Table;
  readonly column: string;
  readonly setting: RetentionSetting;
}

/** Every append-only table. The janitor drops what is older than the setting says, in days. */
export const retentions: readonly Retention[] = [
  { table: 'requests_history', column: 'archived_at', setting: 'requestHistoryDays' },
  { table: 'rules_history', column: 'deleted_at', setting: 'ruleHistoryDays' },
  { table: 'contents_history', column: 'deleted_at', setting: 'contentsHistoryDays' },
  { table: 'deleted_dids', column: 'deleted_at', setting: 'deletedDidsDays' },
  { table: 'messages', column: 'created_at', setting: 'messagesDays' },
  { table: 'traces', column: 'created_at', setting: 'tracesDays' },
  { table: 'rse_usage_history', column: 'updated_at', setting: 'usageHistoryDays' },
  { table: 'account_usage_history', column: 'updated_at', setting: 'usageHistoryDays' },
  { table: 'audit', column: 'created_at', setting: 'auditDays' },
];
