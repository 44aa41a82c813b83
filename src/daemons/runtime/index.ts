export { IDLE, type Reconciler, type Shift, type Tally } from './reconciler.js';
export { forgetSilent, type Heartbeat, listHeartbeats, recordHeartbeats } from './heartbeat.js';
export { parseRoles, type Roles } from './roles.js';
export { Runtime, type RuntimeSpec } from './runtime.js';
