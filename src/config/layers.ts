import { parse } from 'yaml';
import {
  environmentName,
  expectation,
  fits,
  leaves,
  nearest,
  type SchemaNode,
} from './schema-keys.js';

/** One key's value and who gave it, for messages: `SLUICE_SERVER__PORT`, `server.port in /etc/x.yaml`. */
export interface Given {
  value: unknown;
  from: string;
}

/** Values by dotted key, as one source gives them, and what is wrong with that source. */
export interface Layer {
  given: Map<string, Given>;
  problems: string[];
}

/**
 * Reads a tree (a YAML document, flags) against the schema. An `undefined` value and an empty
 * section count as not given; unknown keys and wrong types become problems.
 */
export function readTree(schema: SchemaNode, tree: unknown, source: string): Layer {
  const layer: Layer = { given: new Map(), problems: [] };
  const known = leaves(schema).map(([key]) => key);
  visit(schema, tree, []);
  return layer;

  function visit(node: SchemaNode, value: unknown, path: readonly string[]): void {
    if (value === undefined || (node.properties && value === null)) return;
    const key = path.join('.');
    const from = key === '' ? source : `${key} in ${source}`;
    if (!node.properties) return take(layer, node, key, { value, from });
    if (typeof value !== 'object' || Array.isArray(value)) {
      layer.problems.push(`${from}: ${show(node, value)} is not ${expectation(node)}`);
      return;
    }
    for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
      const child = Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
      const innerPath = [...path, name];
      if (child) visit(child, inner, innerPath);
      else layer.problems.push(unknownKey(innerPath.join('.'), source, known));
    }
  }
}

function unknownKey(key: string, source: string, known: readonly string[]): string {
  const sections = new Set(known.flatMap((name) => prefixes(name)));
  return `${key} in ${source} is unknown; the nearest known key is ${nearest(key, [...sections])}`;
}

function prefixes(key: string): string[] {
  const parts = key.split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}

/**
 * What Kubernetes puts into every pod for a service named "sluice…". Those are no settings of ours,
 * and a pod that died of them would be hard to explain.
 */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;

/** The two names that are no `SECTION__KEY`: the state directory and the file to read. */
const SHORT_NAMES: ReadonlyMap<string, string | undefined> = new Map([
  ['SLUICE_STATE', 'state.directory'],
  ['SLUICE_CONFIG', undefined],
]);

/** Reads every `SLUICE_…` variable against the schema. */
export function readEnvironment(
  schema: SchemaNode,
  environment: Readonly<Record<string, string | undefined>>,
): Layer {
  const layer: Layer = { given: new Map(), problems: [] };
  const keys = new Map(leaves(schema).map(([key, node]) => [variableOf(key), { key, node }]));
  const directory = keys.get('SLUICE_STATE__DIRECTORY');
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('SLUICE_') || text === undefined || name === 'SLUICE_CONFIG') continue;
    const found = name === 'SLUICE_STATE' ? directory : keys.get(name);
    if (found) {
      if (layer.given.has(found.key))
        layer.problems.push(`${name} says ${found.key} a second time`);
      take(layer, found.node, found.key, { value: parseText(found.node, text), from: name });
    } else if (!isServiceLink(name, text)) {
      const known = nearest(name, [...keys.keys(), ...SHORT_NAMES.keys()]);
      layer.problems.push(
        `${name} in the environment is unknown; the nearest known name is ${known}`,
      );
    }
  }
  return layer;
}

function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text));
}

/** The environment's name of a dotted key: `server.publicUrl` is `SLUICE_SERVER__PUBLIC_URL`. */
export function variableOf(key: string): string {
  return `SLUICE_${key.split('.').map(environmentName).join('__')}`;
}

function take(layer: Layer, node: SchemaNode, key: string, given: Given): void {
  if (fits(node, given.value)) layer.given.set(key, given);
  else layer.problems.push(`${given.from}: ${show(node, given.value)} is not ${expectation(node)}`);
}

function show(node: SchemaNode, value: unknown): string {
  if (node.secret) return 'the value (not shown)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** A whole tree as YAML or JSON; text stays text where it is neither. */
export function parseTree(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Text stays text where it cannot be read as the key's type, so that the message shows it as given. */
function parseText(node: SchemaNode, text: string): unknown {
  switch (node.type) {
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'object':
      return parseTree(text);
    case 'string':
    case undefined:
      return text;
  }
}
