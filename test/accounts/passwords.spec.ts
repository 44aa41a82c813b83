import { expect, it } from '@jest/globals';
import { Passwords, passwordsOf } from '../../src/accounts/index.js';
import { ResourceTemporaryUnavailable } from '../../src/errors/index.js';

it('knows the right password by its hash, and keeps no other trace of it', async () => {
  const passwords = new Passwords({ passwordWorkers: 2, passwordQueueMax: 10 });
  const hash = await passwords.hash('correct horse');
  expect(hash).toMatch(/^\$argon2id\$/);
  expect(hash).not.toContain('horse');
  expect(await passwords.match('correct horse', hash)).toBe(true);
  expect(await passwords.match('wrong horse', hash)).toBe(false);
});

it('finds no password right where there is none', async () => {
  const passwords = new Passwords({ passwordWorkers: 2, passwordQueueMax: 10 });
  expect(await passwords.match('', undefined)).toBe(false);
  expect(await passwords.match('anything', null)).toBe(false);
});

it('turns away who comes when the line is full, and serves the others', async () => {
  const passwords = new Passwords({ passwordWorkers: 1, passwordQueueMax: 2 });
  const first = [1, 2, 3].map(() => passwords.hash('x'));
  const outcomes = await Promise.allSettled([...first, passwords.hash('x'), passwords.hash('x')]);
  const turnedAway = outcomes.filter(
    (one) => one.status === 'rejected' && one.reason instanceof ResourceTemporaryUnavailable,
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
  expect(turnedAway.length).toBeGreaterThanOrEqual(1);
  expect(await passwords.hash('x')).toMatch(/^\$argon2id\$/);
});

it('has one line for one set of limits', () => {
  const limits = { passwordWorkers: 1, passwordQueueMax: 1 };
  expect(passwordsOf(limits)).toBe(passwordsOf(limits));
  expect(passwordsOf({ ...limits })).not.toBe(passwordsOf(limits));
});

it('looks for a password only when its turn has come', async () => {
  const passwords = new Passwords({ passwordWorkers: 2, passwordQueueMax: 10 });
  const hash = await passwords.hash('right');
  let looking = 0;
  let most = 0;
  const find = async () => {
    most = Math.max(most, ++looking);
    await Promise.resolve();
    looking--;
    return { hash, of: 'somebody' };
  };
  const logins = await Promise.all(
    ['right', 'wrong', 'right', 'wrong'].map((password) => passwords.lookUp(password, find)),
  );
  expect(logins.map((found) => found?.of)).toEqual(['somebody', undefined, 'somebody', undefined]);
  expect(most).toBeLessThanOrEqual(2);
});
