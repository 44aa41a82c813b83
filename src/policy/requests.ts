import { differs, type May } from './decide.js';

/** See wanted transfers and what became of them, whosever. */
export const mayListRequests: May = (caller) => caller.isAdmin || differs(caller, 'openRequests');

/** See the one wanted transfer of a DID to an RSE. */
export const mayReadRequest: May = () => true;
