export { EmbeddedDatabaseError, EmbeddedDatabaseInUse } from './errors.js';
export { type EmbeddedTuning } from './server-settings.js';
export {
  findEmbedded,
  startEmbedded,
  type EmbeddedDatabase,
  type EmbeddedLog,
  type EmbeddedSpec,
} from './start-embedded.js';
