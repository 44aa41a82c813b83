export { createLog, LOG, type Log } from './log.js';
export { redactUrl } from './redact.js';
