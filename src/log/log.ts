import { pino, type Logger } from 'pino';
import { redactUrl } from './redact.js';

export type Log = Logger;

/** The Nest token of the log. */
export const LOG = Symbol('Log');

/** Every string of a log line, scrubbed: an error's message may hold a signed URL. */
function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactUrl(value);
  if (typeof value === 'bigint') return value.toString();
  if (depth > 4 || value === null || typeof value !== 'object') return value;
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return {
      name,
      message: redactUrl(message),
      stack: stack && redactUrl(stack),
      ...fieldsOf(value, depth),
    };
  }
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  return fieldsOf(value, depth);
}

/** Fields that are secret by their name. */
const SECRET_FIELD = /password|secret|private|authorization|credential|(^|[-_])token$/i;

function fieldsOf(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    SECRET_FIELD.test(key) ? '[redacted]' : scrub(item, depth + 1),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** One JSON line per event on standard output (or to `destination`), secrets and signatures removed. */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (line: Record<string, unknown>) => scrub(line) as Record<string, unknown>,
    },
    // Errors are made plain by scrub already.
    serializers: { err: (plain: unknown) => plain },
    hooks: {
      logMethod(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn) {
        const [first] = args as unknown[];
        // Of an error alone the message would be taken as it is.
        const given: unknown[] =
          first instanceof Error && args.length === 1 ? [first, first.message] : args;
        const texts = given.map((arg) => (typeof arg === 'string' ? redactUrl(arg) : arg));
        method.apply(this, texts as Parameters<pino.LogFn>);
      },
    },
  };
  return scrubChildren(destination ? pino(options, destination) : pino(options));
}

/** What a child says with every line passes no formatter of pino's. Children inherit this one's way. */
function scrubChildren(log: Log): Log {
  const { child } = log as unknown as {
    child: (this: Log, fields: pino.Bindings, options?: object) => Log;
  };
  const scrubbed = function (this: Log, fields: pino.Bindings, options?: object): Log {
    return child.call(this, scrub(fields) as pino.Bindings, options);
  };
  return Object.assign(log, { child: scrubbed });
}
