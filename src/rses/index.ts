export {
  deleteDistance,
  type Distance,
  distancesTo,
  findDistance,
  insertDistance,
  upsertDistance,
  type Way,
} from './distance.sql.js';
export { findRse, listRses, rsesById } from './find-rse.js';
export { deleteRseLimit, rseLimits, setRseLimit } from './limit.sql.js';
export { chooseProtocols, type ProtocolNeed } from './protocol-choice.js';
export {
  type Operation,
  Operations,
  type Priorities,
  type ProtocolDomain,
  ProtocolDomains,
  type ProtocolKey,
  protocolsOf,
  type RseProtocol,
} from './protocol.sql.js';
export { matchRses, resolveRses } from './resolve-rses.js';
export { type Rse, type RseTraits } from './rse.sql.js';
export {
  addRseUsage,
  foldRseUsage,
  listRseUsage,
  type RseContent,
  rseUsage,
  type RseUsage,
  upsertRseUsage,
} from './usage.sql.js';
