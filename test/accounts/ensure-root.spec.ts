import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRoot, logIn, passwordsOf } from '../../src/accounts/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

const accounts = { passwordWorkers: 2, passwordQueueMax: 100 };
const later = new Date(Date.now() + 3_600_000);
const directories: string[] = [];
const freshState = () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-root-'));
  directories.push(directory);
  return { directory };
};
afterAll(() => directories.forEach((path) => rmSync(path, { recursive: true })));

let test: TestDatabase;
beforeEach(async () => {
  test = await testDatabase();
});
afterEach(() => test.close());
const login = (password: string) =>
  logIn(test.db, passwordsOf(accounts), { username: 'root', password, account: 'root' }, later);

describe('the first identity of root', () => {
  it('has the configured password, and no file', async () => {
    const bootstrap = { username: 'root', password: 'given' };
    expect(await ensureRoot(test.db, { bootstrap, state: freshState(), accounts })).toBeUndefined();
    expect(await login('given')).toMatchObject({ account: 'root' });
  });

  it('has a generated password, in a file that only we can read', async () => {
    const settings = { bootstrap: { username: 'root' }, state: freshState(), accounts };
    const file = (await ensureRoot(test.db, settings)) ?? '';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password.length).toBeGreaterThan(20);
    expect(await login(password)).toMatchObject({ account: 'root' });
  });

  it('is made once: a later start changes nothing and still names the file', async () => {
    const settings = { bootstrap: { username: 'root' }, state: freshState(), accounts };
    const file = (await ensureRoot(test.db, settings)) ?? '';
    const password = readFileSync(file, 'utf8').trim();
    expect(await ensureRoot(test.db, settings)).toBe(file);
    expect(readFileSync(file, 'utf8').trim()).toBe(password);
    const bootstrap = { username: 'root', password: 'another' };
    await ensureRoot(test.db, { ...settings, bootstrap });
    expect(await login(password)).toMatchObject({ account: 'root' });
  });

  it('has one password when several machines start at once', async () => {
    const bootstrap = { username: 'root' };
    const states = [freshState(), freshState(), freshState()];
    await Promise.all(states.map((state) => ensureRoot(test.db, { bootstrap, state, accounts })));
    const files = states
      .map(({ directory }) => join(directory, 'root-password'))
      .filter((file) => existsSync(file));
    expect(files).toHaveLength(1);
    const password = readFileSync(files[0] ?? '', 'utf8').trim();
    expect(await login(password)).toMatchObject({ account: 'root' });
  });

  it('has one password when processes that share a directory start at once', async () => {
    const settings = { bootstrap: { username: 'root' }, state: freshState(), accounts };
    const files = await Promise.all([1, 2, 3].map(() => ensureRoot(test.db, settings)));
    const password = readFileSync(files[0] ?? '', 'utf8').trim();
    expect(new Set(files).size).toBe(1);
    expect(await login(password)).toMatchObject({ account: 'root' });
  });
});
