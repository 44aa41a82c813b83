export { type TokenOperation, type VerifyToken } from './access.js';
export { type Fault, type FaultKind, type Faults } from './faults.js';
export { type DemoStorage, startStorage, type StorageOptions } from './start-storage.js';
