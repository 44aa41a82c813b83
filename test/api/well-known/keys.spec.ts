import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('what storages read before they believe a token', () => {
  it('is published to everybody: the issuer and where its keys are', async () => {
    const { status, body } = await api.anonymous('GET', '/.well-known/openid-configuration');
    const { issuer, jwks_uri } = body as { issuer: string; jwks_uri: string };
    expect(status).toBe(200);
    expect(jwks_uri).toBe(`${issuer}/jwks`);
  });

  it('has a key from the first moment, and no private half of it', async () => {
    const { body } = await api.anonymous('GET', '/jwks');
    const { keys } = body as { keys: Record<string, string>[] };
    expect(keys).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        alg: 'ES256',
        use: 'sig',
        kid: expect.any(String),
        x: expect.any(String),
        y: expect.any(String),
      },
    ]);
    expect((await api.anonymous('GET', '/jwks')).body).toEqual(body);
  });
});
