/** The Nest token of the frozen configuration. */
export const CONFIG = Symbol('Config');
