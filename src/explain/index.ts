/**
 * Why things are as they are: sentences about rules, DIDs, copies, RSEs, requests and accounts, what is
 * done next, and the requests with which people mend it. Reads; writes no table.
 */

export { type Explanation, type Group, type Kind, Kinds, type Remedy } from './explanation.js';
export { type CauseWords, CAUSE_WORDS, wordsOf } from './cause-words.js';
export { explainAccount } from './explain-account.js';
export { explainCopy } from './explain-copy.js';
export { type CopyName } from './copy-facts.js';
export { explainDid } from './explain-did.js';
export { explainRequest } from './explain-request.js';
export { explainRse } from './explain-rse.js';
export { explainRule } from './explain-rule.js';
export { type Desk } from './rule-facts.js';
