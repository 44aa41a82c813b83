export { recountRules } from './counter.sql.js';
export { removeRules, type Removal, type RemovalTerms } from './remove-rules.js';
export { confirmCopies, reopenCopies, stickCopies, type FailedCopy } from './settle-copies.js';
export { RuleEntity } from './rule.entity.js';
export { RuleHistoryEntity } from './rule-history.entity.js';
