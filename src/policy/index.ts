/** Who may do what: pure functions over loaded facts, one file for each noun. */

export {
  mayAddAccount,
  mayChangeAccount,
  mayChangeAccountAttributes,
  mayChangeIdentities,
  mayReadLimits,
  mayReadUsage,
  maySetGlobalLimit,
  maySetLocalLimit,
} from './accounts.js';
export {
  mayChangeDids,
  mayDeclareKeys,
  mayFollowAs,
  mayReopenDid,
  mayResurrectDids,
} from './dids.js';
export { demand, isAdmin, isRoot, isSelfOrAdmin, type May } from './decide.js';
export {
  mayChangeRses,
  mayChangeTransferLimits,
  mayDefineProtocols,
  mayExport,
  mayImport,
  maySeeProtocolSecrets,
  maySetRseUsage,
} from './rses.js';
export { mayAddScope, mayChangeScopeOwner } from './scopes.js';
export { mayChangeSettings, mayReadSettings } from './settings.js';
export {
  mayDeclareBad,
  mayDeleteReplicas,
  mayNameFiles,
  mayQuarantine,
  mayRegisterReplicas,
  maySignUrl,
  maySuspect,
  type WriterFacts,
} from './replicas.js';
export { mayChangeSubscription } from './subscriptions.js';
export { mayAddRule, mayApproveRule, mayChangeRule, mayGiveRule } from './rules.js';
