import { createHmac } from 'node:crypto';
import { type PresignSpec } from './spec.js';

/**
 * OpenStack Swift's temporary URL: HMAC-SHA-256 of method, end and path, with a key of the account or
 * container. Source: the middleware `tempurl` in Swift's documentation.
 */
export function presignSwift({ url, method, lifetimeSeconds, now, key }: PresignSpec): string {
  const expires = Math.floor(now.getTime() / 1000) + lifetimeSeconds;
  const path = decodeURIComponent(new URL(url).pathname);
  const signature = createHmac('sha256', key.secretKey)
    .update(`${method}\n${expires}\n${path}`)
    .digest('hex');
  return `${url}?temp_url_sig=${signature}&temp_url_expires=${expires}`;
}
