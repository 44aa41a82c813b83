/** Who changed what, append-only. */

export { type AuditEntry, record } from './audit.sql.js';
export { AuditEntity } from './audit.entity.js';
