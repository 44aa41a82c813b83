/** The log: JSON lines with secrets and signed URLs taken out. */

export { createLog, LOG, type Log } from './log.js';
export { redactUrl } from './redact.js';
