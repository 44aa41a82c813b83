import { isAdmin, isRoot, type May } from './decide.js';

/** Add, change or delete a storage element, its attributes, limits and distances. */
export const mayChangeRses: May = isAdmin;

/** Define protocols: what they name is where our requests and credentials go. */
export const mayDefineProtocols: May = isAdmin;

/** See the secrets among a protocol's extended attributes. */
export const maySeeProtocolSecrets: May = isAdmin;

/** See everything of every storage element in one document, secrets of protocols included. */
export const mayExport: May = isRoot;

/** Add and change storage elements, accounts and passwords by one document. */
export const mayImport: May = isRoot;

/** See how many transfers may go on at once, and say it. */
export const mayChangeTransferLimits: May = isAdmin;

/** Say what a storage reports about itself. */
export const maySetRseUsage: May = isRoot;
