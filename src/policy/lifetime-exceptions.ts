import { isAdmin, isSelfOrAdmin, type May } from './decide.js';

/** Ask for oneself that DIDs outlive their end of life; admins for anybody. */
export const mayAskException: May<[account: number]> = isSelfOrAdmin;

/** Approve and reject. */
export const mayDecideException: May = isAdmin;
