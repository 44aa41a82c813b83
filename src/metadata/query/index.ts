export { isOwnKey } from './columns.js';
export { compileFilter, usesOwnMetadata } from './compile-filter.js';
export {
  type Criterion,
  type Filter,
  type Group,
  type Operator,
  Operators,
  type Value,
} from './filter.js';
export { type GivenGroup, parseFilter, parseFilterArguments } from './parse-filter.js';
export { meaningOf } from './value.js';
