import { isAdmin, isRoot, type May } from './decide.js';

/** See which daemons are at work, and where. */
export const mayReadHeartbeats: May = isRoot;

/** Say that a daemon is at work. */
export const maySendHeartbeats: May = isAdmin;
