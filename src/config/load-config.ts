import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import {
  parseTree,
  readEnvironment,
  readTree,
  variableOf,
  type Given,
  type Layer,
} from './layers.js';
import { ConfigSchema, type Settings } from './schema.js';
import { leaves, type SchemaNode } from './schema-keys.js';
import { defaultStateDirectory } from './state-directory.js';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** The configuration of this process: complete, checked, frozen. Secrets are already read. */
export type Config = Frozen<
  Settings & { server: { publicUrl: string }; state: { directory: string } }
>;

type Partially<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: Partially<T[Key]> | undefined }
    : T;

/** Values that win over everything else, as flags of the command line give them. */
export type ConfigOverrides = Partially<Settings>;

/** The configuration cannot be used. The message names every wrong key and what would be right. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
}

export interface ConfigSources {
  /** Flags of the command line; `undefined` values count as not given. */
  overrides?: ConfigOverrides;
  /** Default: the process's own. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** A YAML file to read instead of the one that SLUICE_CONFIG names. */
  file?: string;
}

const schema = ConfigSchema as SchemaNode;
const complete = Compile(ConfigSchema);

/**
 * Reads the configuration once: flags win over the environment, that over the file
 * (SLUICE_CONFIG), that over `config/default.yaml`.
 *
 * @throws {ConfigurationError} naming all unknown keys, wrong values and unreadable files at once.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const environment = sources.environment ?? process.env;
  const file = sources.file ?? environment['SLUICE_CONFIG'];
  const layers = [
    readFileLayer(bundledConfigFile('default')),
    ...(file === undefined ? [] : [readFileLayer(resolve(file))]),
    readEnvironment(schema, environment),
    readTree(schema, sources.overrides ?? {}, 'the command line'),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  const given = merge(layers, problems);
  readSecrets(given, problems);
  const settings = assemble(given);
  // Only what no single source can show is left: a key that nobody gave.
  if (problems.length === 0) problems.push(...missingKeys(settings));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return freeze(derive(settings as Settings, environment));
}

/** The path of a file of `config/` that comes with Sluice: `default`, `demo` or `test`. */
export function bundledConfigFile(name: 'default' | 'demo' | 'test'): string {
  // Both src/config and dist/src/config look upwards for the package.
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!isPackage(directory)) {
    if (directory === dirname(directory)) throw new Error('Sluice is not installed completely');
    directory = dirname(directory);
  }
  return join(directory, 'config', `${name}.yaml`);
}

function isPackage(directory: string): boolean {
  try {
    return readFileSync(join(directory, 'config', 'default.yaml')).length > 0;
  } catch {
    return false;
  }
}

function readFileLayer(path: string): Layer {
  try {
    return readTree(schema, parse(readFileSync(path, 'utf8')), path);
  } catch (error) {
    return { given: new Map(), problems: [`${path} cannot be read: ${(error as Error).message}`] };
  }
}

/** Later layers win. A secret and the file that holds it are one wish: the later one wins. */
function merge(layers: readonly Layer[], problems: string[]): Map<string, Given> {
  const merged = new Map<string, Given>();
  for (const layer of layers) {
    for (const key of secretKeys) {
      if (!layer.given.has(key) && !layer.given.has(`${key}File`)) continue;
      if (layer.given.has(key) && layer.given.has(`${key}File`)) {
        problems.push(`${key} and ${key}File are both given by one source; give one`);
      }
      merged.delete(key);
      merged.delete(`${key}File`);
    }
    for (const [key, value] of layer.given) merged.set(key, value);
  }
  return merged;
}

const secretTrees = new Set(
  leaves(schema).flatMap(([key, node]) => (node.secret && node.type === 'object' ? [key] : [])),
);
const secretKeys = leaves(schema).flatMap(([key, node]) => (node.secret ? [key] : []));

/** Replaces `<key>File` by the content of the file: YAML for a tree, else text without its last line break. */
function readSecrets(given: Map<string, Given>, problems: string[]): void {
  for (const key of secretKeys) {
    const file = given.get(`${key}File`);
    if (!file) continue;
    try {
      const content = readFileSync(file.value as string, 'utf8');
      const value = secretTrees.has(key) ? parseTree(content) : content.replace(/\r?\n$/, '');
      const [section = '', name = ''] = key.split('.');
      const layer = readTree(schema, { [section]: { [name]: value } }, file.from);
      problems.push(...layer.problems);
      for (const [found, secret] of layer.given) given.set(found, secret);
    } catch (error) {
      problems.push(`${file.from}: ${(error as Error).message}`);
    }
  }
}

type Tree = { [key: string]: unknown };

function assemble(given: ReadonlyMap<string, Given>): Tree {
  const root: Tree = {};
  // Sections exist even where nobody gave a key of theirs; an optional one (tls) must not.
  for (const [name, section] of Object.entries(schema.properties ?? {})) {
    root[name] = {};
    for (const [inner, node] of Object.entries(section.properties ?? {})) {
      if (node.properties && section.required?.includes(inner)) (root[name] as Tree)[inner] = {};
    }
  }
  for (const [key, { value }] of given) {
    const path = key.split('.');
    const last = path.pop() as string;
    let node = root;
    for (const step of path) node = (node[step] ??= {}) as Tree;
    node[last] = value;
  }
  return root;
}

function missingKeys(settings: Tree): string[] {
  return complete.Errors(settings).map((error) => {
    const path = error.instancePath.slice(1).replaceAll('/', '.');
    const missing = error.keyword === 'required' ? error.params.requiredProperties : [];
    if (missing.length === 0) return `${path} ${error.message}`;
    const keys = missing.map((name) => (path === '' ? name : `${path}.${name}`));
    return `${keys.join(', ')} not given (in the environment: ${keys.map(variableOf).join(', ')})`;
  });
}

/** Fills in what depends on other keys or on who runs us. */
function derive(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const { server } = settings;
  const directory = resolve(settings.state.directory ?? defaultStateDirectory(environment));
  return {
    ...settings,
    server: { ...server, publicUrl: server.publicUrl ?? listenUrl(server) },
    state: { directory },
  };
}

function listenUrl(server: Settings['server']): string {
  const everywhere = server.host === '0.0.0.0' || server.host === '::';
  const host = everywhere
    ? hostname()
    : server.host.includes(':')
      ? `[${server.host}]`
      : server.host;
  // As people write it: without the scheme's own port.
  return new URL(`${server.tls ? 'https' : 'http'}://${host}:${server.port}`).origin;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
