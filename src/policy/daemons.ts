import { isAdmin, isRoot, type May } from './decide.js';

/** See which daemons are at work, and where. */
export const mayReadHeartbeats: May = isRoot;

/** See what the doctor has found. */
export const mayReadDoctor: May = isAdmin;

/** Say that a daemon is at work. */
export const maySendHeartbeats: May = isAdmin;
