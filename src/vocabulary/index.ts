/**
 * The field's words: enum names with their stored letters, ids, checksums, dates, limits. Pure,
 * imports nothing.
 */

export * from './account.js';
export * from './activity.js';
export * from './cause.js';
export * from './checksum.js';
export * from './codec.js';
export * from './convention.js';
export * from './daemon.js';
export * from './dates.js';
export * from './did.js';
export * from './duration.js';
export * from './ids.js';
export * from './job.js';
export * from './lifetime-exception.js';
export * from './limits.js';
export * from './lock.js';
export * from './naming.js';
export * from './policy.js';
export * from './replica.js';
export * from './request.js';
export * from './rse.js';
export * from './rule.js';
export * from './scope.js';
export * from './size.js';
export * from './subscription.js';
