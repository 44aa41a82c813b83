export { IDLE, type Reconciler, type Shift, type Tally } from './reconciler.js';
