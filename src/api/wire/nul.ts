import { InvalidObject } from '../../errors/index.js';

/** Bodies with a NUL somewhere, and the field it is in. PostgreSQL keeps none in a text. */
const fields = new WeakMap<object, string>();

/** Looks for NUL in a parsed body; in JSON it can only be written in one way. */
export function noteNul(json: string, body: unknown): void {
  if (!json.includes('\\u0000') || typeof body !== 'object' || body === null) return;
  const field = fieldOf(body, '');
  if (field !== undefined) fields.set(body, field);
}

/** Throws InvalidObject that names the field. Routes that parse no body take what they are given. */
export function refuseNul(body: unknown, what: string): void {
  const field = typeof body === 'object' && body !== null ? fields.get(body) : undefined;
  if (field === undefined) return;
  throw new InvalidObject(`Problem validating ${what}: ${field} has a NUL character`, { field });
}

function fieldOf(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const name = key.replaceAll('\0', '?');
    const below = Array.isArray(value) ? `${path}[${key}]` : path === '' ? name : `${path}.${name}`;
    const found = name === key ? fieldOf(item, below) : below;
    if (found !== undefined) return found;
  }
  return undefined;
}
