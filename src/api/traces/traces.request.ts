import { redactUrl } from '../../log/index.js';

/** Characters of one trace as JSON. */
const TRACE_MAX = 16_384;
const TRACES_MAX = 1000;

/**
 * The traces of a body, one or many: objects of a reasonable size, without the signatures that their
 * URLs may carry. Everything else is passed over.
 */
export function parseTraces(body: unknown): object[] {
  const given: unknown[] = Array.isArray(body) ? body : [body];
  return given.slice(0, TRACES_MAX).flatMap((trace): object[] => {
    if (typeof trace !== 'object' || trace === null || Array.isArray(trace)) return [];
    const text = JSON.stringify(trace);
    if (text.length > TRACE_MAX) return [];
    return [JSON.parse(text, (_, value: unknown) => scrub(value)) as object];
  });
}

/** PostgreSQL keeps no NUL in a text. */
const scrub = (value: unknown): unknown =>
  typeof value === 'string' ? redactUrl(value.replaceAll('\0', '')) : value;
