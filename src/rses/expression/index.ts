export { compileExpression } from './compile-expression.js';
export { parseExpression } from './parse-expression.js';
export { type Comparison, type Expression, printExpression } from './tree.js';
