import { isAdmin, type May } from './decide.js';

/** See the settings of the catalogue. */
export const mayReadSettings: May = isAdmin;

/** Change the settings of the catalogue. */
export const mayChangeSettings: May = isAdmin;
