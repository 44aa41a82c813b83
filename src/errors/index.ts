export * from './facts.js';
export { SluiceError } from './sluice-error.js';
