/**
 * Storage elements: attributes, protocols, distances, limits, usage; RSE expressions; paths of
 * files.
 */

export { type Endpoint, endpointOf, TRUSTS_OUR_TOKENS } from './endpoint.js';
export { addRse } from './add-rse.js';
export {
  changeRse,
  deleteRse,
  removeRseAttribute,
  restoreRse,
  setRseAttribute,
} from './change-rse.js';
export {
  addProtocol,
  changeProtocols,
  type ProtocolChange,
  type ProtocolSpec,
  removeProtocols,
} from './define-protocol.js';
export {
  type Distance,
  distancesTo,
  distancesToEach,
  distancesToSite,
  findDistance,
  type Way,
} from './distance.sql.js';
export { findRse, findRses, listRses, rsesById } from './find-rse.js';
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
export {
  type ImportedDistance,
  type ImportedRse,
  importDistances,
  importRses,
} from './import-rses.js';
export { deleteQosPolicy, insertQosPolicy, qosPolicies } from './qos.sql.js';
export {
  matchRses,
  matchRsesOfEach,
  type Resolved,
  resolveRses,
  resolveRsesOfEach,
} from './resolve-rses.js';
export { type Rse, type RseTraits } from './rse.sql.js';
export { addDistance, removeDistance, type Route, setDistance } from './set-distance.js';
export {
  addRseUsage,
  foldRseUsage,
  listRseUsage,
  listRseUsageHistory,
  recordRseUsageHistory,
  type RseContent,
  rseUsage,
  type RseUsage,
  toldSizes,
  upsertRseUsage,
} from './usage.sql.js';
export {
  compileExpression,
  type Expression,
  parseExpression,
  printExpression,
} from './expression/index.js';
export {
  computedPath,
  DEFAULT_ALGORITHM,
  isComputed,
  mayClimb,
  mayMeet,
  normalisePath,
  parsePfn,
  pathOf,
  pathUnder,
  type Pfn,
  pfnOf,
} from './naming/index.js';
export { type Domains, type GivenDomains } from './protocol-domains.js';
export { RseEntity } from './rse.entity.js';
export { RseAttributeEntity } from './rse-attribute.entity.js';
export { RseProtocolEntity } from './rse-protocol.entity.js';
export { RseQosPolicyEntity } from './rse-qos-policy.entity.js';
export { RseLimitEntity } from './rse-limit.entity.js';
export { DistanceEntity } from './distance.entity.js';
export { RseUsageEntity, RseUsageDeltaEntity, RseUsageHistoryEntity } from './rse-usage.entity.js';
