import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  defaultStateDirectory,
  prepareStateDirectory,
  StateDirectoryError,
} from '../../src/config/index.js';

const parent = mkdtempSync(join(tmpdir(), 'sluice-state-'));
afterAll(() => rmSync(parent, { recursive: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the default state directory', () => {
  it.each([
    ['root', 0, { XDG_DATA_HOME: '/data' }, '/var/lib/sluice'],
    ['a user', 1000, {}, '/home/ada/.local/share/sluice'],
    ['a user with a data directory', 1000, { XDG_DATA_HOME: '/data' }, '/data/sluice'],
    [
      'a user with a relative one',
      1000,
      { XDG_DATA_HOME: 'data' },
      '/home/ada/.local/share/sluice',
    ],
  ])('of %s', (_, uid, environment, expected) => {
    expect(defaultStateDirectory(environment, { uid, home: '/home/ada' })).toBe(expected);
  });
});

describe('the state directory', () => {
  it('is made with its parents and is private', () => {
    const path = join(parent, 'a', 'b');
    prepareStateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
  });

  it('is made private again when somebody opened it, and may stay passable for one group', () => {
    const path = join(parent, 'opened');
    prepareStateDirectory(path);
    chmodSync(path, 0o755);
    prepareStateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
    chmodSync(path, 0o710);
    prepareStateDirectory(path);
    expect(modeOf(path)).toBe(0o710);
  });

  it('is never a directory that holds other things, whose mode stays as it was', () => {
    const path = join(parent, 'home');
    mkdirSync(path, { mode: 0o755 });
    writeFileSync(join(path, 'thesis.tex'), '');
    expect(() => prepareStateDirectory(path)).toThrow(StateDirectoryError);
    expect(() => prepareStateDirectory(path)).toThrow('it holds thesis.tex');
    expect(modeOf(path)).toBe(0o755);
  });

  it('may be a fresh volume', () => {
    const path = join(parent, 'volume');
    mkdirSync(join(path, 'lost+found'), { recursive: true });
    prepareStateDirectory(path);
    expect(modeOf(path)).toBe(0o700);
  });

  it('says so when it cannot be made', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(() => prepareStateDirectory(join(parent, 'file', 'state'))).toThrow('cannot be made');
  });
});
