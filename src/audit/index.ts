/** Who changed what, append-only. */

export { type AuditEntry, record, recordAll } from './audit.sql.js';
export { AuditEntity } from './audit.entity.js';
