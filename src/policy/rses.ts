import { isAdmin, isRoot, type May } from './decide.js';

/** Add, change or delete a storage element, its attributes, limits and distances. */
export const mayChangeRses: May = isAdmin;

/** Define protocols: what they name is where our requests and credentials go. */
export const mayDefineProtocols: May = isAdmin;

/** See the secrets among a protocol's extended attributes. */
export const maySeeProtocolSecrets: May = isAdmin;

/** Say what a storage reports about itself. */
export const maySetRseUsage: May = isRoot;
