import { expect } from '@jest/globals';
import {
  type Answer,
  type Call,
  startApi,
  type TestApi,
  type TestApiOptions,
} from '../../support/api.js';

/** A server with a scope of root's, an account `alice` with a scope of her own, and an RSE. */
export interface World {
  readonly api: TestApi;
  readonly root: Call;
  readonly alice: Call;
  /** The names in the answer's lines or list. */
  close(): Promise<void>;
}

export async function world(options: TestApiOptions = {}): Promise<World> {
  const api = await startApi(options);
  const { root } = api;
  await ok(root('POST', '/accounts/alice', { type: 'USER', email: 'alice@km3net.example' }));
  const identity = {
    identity: 'alice',
    authtype: 'userpass',
    email: 'alice@km3net.example',
    password: 'wonderland',
  };
  await ok(root('POST', '/accounts/alice/identities', identity));
  await ok(root('POST', '/accounts/root/scopes/km3net'));
  await ok(root('POST', '/accounts/alice/scopes/user.alice'));
  await ok(root('POST', '/rses/SHORE-DISK', { deterministic: true, rse_type: 'DISK' }));
  return { api, root, alice: await api.as('alice', 'wonderland'), close: () => api.close() };
}

/** The answer of a call that has to succeed. */
export async function ok(call: Promise<Answer>): Promise<Answer> {
  const answer = await call;
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
}

/** `status Class` of a refusal; both headers and the body say the same. */
export async function refused(call: Promise<Answer>): Promise<string> {
  const { status, headers, text } = await call;
  if (status < 300) return `${status}`;
  const body = JSON.parse(text) as { ExceptionClass: string };
  expect(headers['exceptionclass']).toBe(body.ExceptionClass);
  return `${status} ${body.ExceptionClass}`;
}

/** One field of each line, sorted. */
export const field = (answer: Answer, key: string): unknown[] =>
  (answer.body as Record<string, unknown>[]).map((row) => row[key]).sort();

/** A file to register. */
export const file = (name: string, more: object = {}) => ({
  scope: 'km3net',
  name,
  bytes: 100,
  adler32: '00000001',
  ...more,
});
