export { ALGORITHMS, DEFAULT_ALGORITHM, type PathAlgorithm } from './algorithms/index.js';
export { mayMeet, normalisePath, pathOf, safePath } from './path.js';
export { computedPath, isComputed, mayClimb } from './path.sql.js';
export { type Endpoint, parsePfn, pathUnder, type Pfn, pfnOf } from './pfn.js';
