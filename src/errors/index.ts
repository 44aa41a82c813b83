/** One class for each fact that a client can be told, named as Rucio's clients know it. No HTTP. */

export * from './facts.js';
export { SluiceError } from './sluice-error.js';
