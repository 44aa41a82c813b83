import { ValueError } from '../../errors/index.js';
import { type UrlService, UrlServices } from '../../protocols/index.js';
import { parseInteger, parseText } from '../wire/index.js';

const OPERATIONS = ['read', 'write', 'delete'] as const;
export type UrlOperation = (typeof OPERATIONS)[number];

/** A URL that is to be opened for one operation. */
export interface SignUrlQuestion {
  readonly rse: string;
  /** Byte for byte as the client wrote it. */
  readonly url: string;
  readonly operation: UrlOperation;
  /** The kind of signature that the client wants; undefined: whatever the storage takes. */
  readonly service: UrlService | undefined;
  readonly lifetimeSeconds: number | undefined;
}

/** Throws ValueError. */
export function parseSignUrl(query: Readonly<Record<string, unknown>>): SignUrlQuestion {
  const text = (name: string) => parseText(query[name], name) || undefined;
  const service = UrlServices.find((name) => name === text('svc'));
  if (text('svc') !== undefined && !service) {
    throw new ValueError(`Parameter 'svc' takes ${UrlServices.join(', ')}`);
  }
  const operation = OPERATIONS.find((name) => name === (text('op') ?? 'read'));
  if (!operation) throw new ValueError(`Parameter 'op' takes ${OPERATIONS.join(', ')}`);
  return {
    rse: demanded(text('rse'), 'rse'),
    url: demanded(text('url'), 'url'),
    operation,
    service,
    lifetimeSeconds: parseInteger(query['lifetime'], 'lifetime', { min: 1, max: 3_155_760_000 }),
  };
}

function demanded(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new ValueError(`Parameter '${name}' cannot be empty`);
}
