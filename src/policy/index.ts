export { demand, isAdmin, isRoot, isSelfOrAdmin, type May } from './decide.js';
