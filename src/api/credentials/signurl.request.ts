import { ValueError } from '../../errors/index.js';
import { parseInteger, parseText } from '../wire/index.js';

const SERVICES = ['gcs', 's3', 'swift'];
const OPERATIONS = ['read', 'write', 'delete'] as const;
export type UrlOperation = (typeof OPERATIONS)[number];

/** A URL that is to be opened for one operation. */
export interface SignUrlQuestion {
  readonly rse: string;
  /** Byte for byte as the client wrote it. */
  readonly url: string;
  readonly operation: UrlOperation;
  readonly lifetimeSeconds: number | undefined;
}

/** Throws ValueError. What kind of signature is wanted (svc) is the storage's business, not the client's. */
export function parseSignUrl(query: Readonly<Record<string, unknown>>): SignUrlQuestion {
  const text = (name: string) => parseText(query[name], name) || undefined;
  const service = text('svc') ?? 'gcs';
  if (!SERVICES.includes(service))
    throw new ValueError(`Parameter 'svc' takes ${SERVICES.join(', ')}`);
  const operation = OPERATIONS.find((name) => name === (text('op') ?? 'read'));
  if (!operation) throw new ValueError(`Parameter 'op' takes ${OPERATIONS.join(', ')}`);
  return {
    rse: demanded(text('rse'), 'rse'),
    url: demanded(text('url'), 'url'),
    operation,
    lifetimeSeconds: parseInteger(query['lifetime'], 'lifetime', { min: 1, max: 3_155_760_000 }),
  };
}

function demanded(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new ValueError(`Parameter '${name}' cannot be empty`);
}
