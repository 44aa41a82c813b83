/**
 * The configuration: one schema, read once, checked, frozen. The only reader of environment and
 * files.
 */

export {
  bundledConfigFile,
  ConfigurationError,
  loadConfig,
  type Config,
  type ConfigOverrides,
  type ConfigSources,
} from './load-config.js';
export { type ClientFlags, type ClientSettings, clientSettings } from './client-settings.js';
export { variableOf } from './layers.js';
export { ConfigSchema, type Settings } from './schema.js';
export {
  defaultStateDirectory,
  prepareStateDirectory,
  StateDirectoryError,
} from './state-directory.js';
export { CONFIG } from './token.js';
