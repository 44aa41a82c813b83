import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  currentSigningKey,
  mintStorageToken,
  publishedKeys,
  storageScope,
} from '../../src/accounts/index.js';
import { type Database, openDatabase } from '../../src/db/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

const DAY = 86_400_000;
const START = new Date('2026-11-21T12:00:00Z');
const later = (ms: number) => new Date(START.getTime() + ms);

describe('the keys that sign storage tokens', () => {
  let db: Database;
  let url: string;
  let base: TestDatabase;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  const settings = {
    issuer: 'https://sluice.example',
    keyFile: join(directory, 'keys', 'storage.key'),
    publishSeconds: 600,
    rotationDays: 90,
    tokenSecondsMax: 86_400,
  };
  beforeEach(async () => {
    base = await testDatabase();
    ({ db, url } = base);
  });
  afterEach(() => base.close());

  const kids = async (now: Date) =>
    (await db.read((tx) => publishedKeys(tx, settings, now))).map(({ kid }) => kid);

  it('are one key for all processes, also for one whose clock is behind', async () => {
    const other = await openDatabase({ url, poolSize: 2, applicationName: 'other process' });
    const [mine, theirs] = await Promise.all([
      currentSigningKey(db, settings, later(500)),
      currentSigningKey(other, settings, START),
    ]);
    await other.close();
    expect(mine.kid).toBe(theirs.kid);
    expect(await kids(START)).toEqual([mine.kid]);
  });

  it('stand in the database encrypted by a key file that only we may read', async () => {
    await currentSigningKey(db, settings, START);
    expect(statSync(settings.keyFile).mode & 0o777).toBe(0o600);
    const strange = { ...settings, keyFile: join(directory, 'another.key') };
    const other = await openDatabase({ url, poolSize: 2, applicationName: 'other process' });
    await expect(currentSigningKey(other, strange, START)).rejects.toThrow(
      'The key file does not open the signing key',
    );
    await other.close();
  });

  it('are published before their first use and until their last token has ended', async () => {
    const first = await currentSigningKey(db, settings, START);
    const old = await currentSigningKey(db, settings, later(91 * DAY));
    expect(old.kid).toBe(first.kid);
    expect(await kids(later(91 * DAY))).toHaveLength(2);
    const next = await currentSigningKey(db, settings, later(91 * DAY + 601_000));
    expect(next.kid).not.toBe(first.kid);
    await currentSigningKey(db, settings, later(182 * DAY));
    expect(await kids(later(182 * DAY))).toHaveLength(3);
    expect(await kids(later(184 * DAY))).not.toContain(first.kid);
  });

  it('sign tokens that end with their lifetime, however long is asked for', async () => {
    const spec = {
      operation: 'modify',
      audience: 'https://disk.example',
      paths: ['/data/a', '/data/b'],
      lifetimeSeconds: 10 * 86_400,
      now: START,
    } as const;
    const token = await mintStorageToken(db, settings, spec);
    const keys = await db.read((tx) => publishedKeys(tx, settings, START));
    const check = (currentDate: Date) =>
      jwtVerify(token, createLocalJWKSet({ keys }), {
        issuer: settings.issuer,
        audience: spec.audience,
        currentDate,
      });
    const { payload } = await check(later(DAY - 1000));
    expect(payload['scope']).toBe(
      'storage.create:/data/a storage.create:/data/b storage.modify:/data/a storage.modify:/data/b' +
        ' storage.read:/data/a storage.read:/data/b',
    );
    await expect(check(later(DAY + 1000))).rejects.toThrow(/exp/);
  });

  it.each(['', '/', 'a', '/a/', '//a', '/a/../b', '/a b', '/a/.'])(
    'never name what is not one file: %p',
    (path) => {
      expect(() => storageScope({ operation: 'read', paths: [path] })).toThrow(RangeError);
    },
  );
});
