export { type AuditEntry, record } from './audit.sql.js';
