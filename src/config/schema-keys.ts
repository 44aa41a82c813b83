import { type TSchema } from 'typebox';
import { Check } from 'typebox/value';

/** What the walk below reads of a schema: JSON Schema plus two notes of our own. */
export interface SchemaNode extends TSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | undefined;
  enum?: readonly string[];
  items?: SchemaNode;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, SchemaNode>;
  required?: readonly string[];
  /** Words for what a value has to be, where type and limits do not say it. */
  expected?: string;
  /** The value is never printed. */
  secret?: boolean;
}

/** `publicUrl` as an environment writes it: `PUBLIC_URL`. */
export function environmentName(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase();
}

/** Whether a value fits one key of the schema. */
export function fits(node: SchemaNode, value: unknown): boolean {
  return Check(node, value);
}

/** What would be right for this key, in words: "a whole number from 0 to 65535". */
export function expectation(node: SchemaNode): string {
  if (node.expected !== undefined) return node.expected;
  if (node.enum) return `one of ${node.enum.join(', ')}`;
  switch (node.type) {
    case 'integer':
      return `a whole number from ${node.minimum} to ${node.maximum}`;
    case 'number':
      return `a number from ${node.minimum} to ${node.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list with at least one entry';
    case 'object':
      return 'a section with keys of its own';
    case 'string':
    case undefined:
      return 'some text';
  }
}

/** Every leaf of a schema as `[dotted key, its schema]`, in the order of the schema. */
export function leaves(node: SchemaNode, prefix: readonly string[] = []): [string, SchemaNode][] {
  if (!node.properties) return [[prefix.join('.'), node]];
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...prefix, key]));
}

/** The known name that needs the fewest edits to become the unknown one. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    const edits = editDistance(unknown.toLowerCase(), name.toLowerCase());
    if (!best || edits < best.edits) best = { name, edits };
  }
  return best?.name;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
