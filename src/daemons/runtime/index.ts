export { IDLE, type Reconciler, type Shift, type Tally } from './reconciler.js';
export { parseRoles, type Roles } from './roles.js';
export { Runtime, type RuntimeSpec } from './runtime.js';
