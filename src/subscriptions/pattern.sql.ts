/** Expressions are matched as those of metadata conventions are. */
export { demandPattern, matchTexts } from '../metadata/index.js';
