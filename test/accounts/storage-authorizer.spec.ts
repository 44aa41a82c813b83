import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { storageAuthorizer } from '../../src/storage-tokens.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

describe('the token that a copy shows to its destination', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-authorizer-'));
  const endpoint = {
    ...{ rse: 'INLAND', scheme: 'https', hostname: 'inland.example', port: 443, prefix: '/data/' },
    ...{ impl: '', extendedAttributes: {} },
  };
  const [part, file] = ['/data/raw/run.part', '/data/raw/run'];
  const arriving = [part, file] as const;
  let base: TestDatabase;
  let authorize: ReturnType<typeof storageAuthorizer>;
  beforeAll(async () => {
    base = await testDatabase();
    const config = loadConfig({
      file: bundledConfigFile('default'),
      environment: { SLUICE_STATE: directory },
    });
    authorize = storageAuthorizer(base.db, config);
  });
  afterAll(async () => {
    await base.close();
    rmSync(directory, { recursive: true });
  });

  const scope = async (
    ...wish: Parameters<typeof authorize> extends [unknown, ...infer W] ? W : never
  ) => decodeJwt((await authorize(endpoint, ...wish)) ?? '')['scope'];

  it('is one for looking, writing and renaming, and opens nothing but its two names', async () => {
    const looking = await authorize(endpoint, 'read', file, undefined, arriving);
    expect(await authorize(endpoint, 'create', part, undefined, arriving)).toBe(looking);
    expect(await authorize(endpoint, 'read', part, undefined, arriving)).toBe(looking);
    expect(await authorize(endpoint, 'create', part, file, arriving)).toBe(looking);
    expect(decodeJwt(looking ?? '')['scope']).toBe(
      `storage.create:${part} storage.create:${file} storage.read:${part} storage.read:${file}`,
    );
  });

  it('is another one to replace, to remove, and for anything else there', async () => {
    expect(await scope('modify', part, file, arriving)).toContain(`storage.modify:${file}`);
    expect(await scope('delete', part, undefined, arriving)).toBe(
      `storage.modify:${part} storage.read:${part}`,
    );
    expect(await scope('create', '/data/raw', undefined, arriving)).toBe(
      'storage.create:/data/raw storage.read:/data/raw',
    );
    expect(await scope('read', file)).toBe(`storage.read:${file}`);
  });
});
