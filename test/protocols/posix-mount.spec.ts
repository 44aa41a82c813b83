import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { posixError } from '../../src/protocols/posix/failures.js';
import { type ProtocolEndpoint, StorageRegistry } from '../../src/protocols/index.js';
import { eventually } from '../support/eventually.js';
import { type PosixStorage, startPosix } from './endpoints.js';

const of = (text: string) => () => Readable.from([Buffer.from(text)]);

describe('a mounted file system', () => {
  let storage: PosixStorage;
  let data: string;
  beforeEach(async () => {
    storage = await startPosix();
    data = join(storage.root, 'data');
  });
  afterEach(() => storage.close());

  const driver = (change: Partial<ProtocolEndpoint> = {}) =>
    storage.registry.driver({ ...storage.endpoint, ...change });
  const partOf = (directory: string) => readdirSync(join(data, directory)).length === 1;
  const refused = { code: 'PATH_REFUSED' };

  describe('is used only where the operator allows it', () => {
    const message = /below no directory of storage\.posixRoots/;

    it('refuses every prefix when nothing is allowed', () => {
      const none = new StorageRegistry({ allowPrivate: true });
      expect(none.supports(storage.endpoint)).toBe(false);
      expect(() => none.driver(storage.endpoint)).toThrow(message);
    });

    it('refuses a prefix beside the allowed directories, and names that only begin alike', () => {
      for (const prefix of ['/etc/', `${storage.root}-other/`, '/']) {
        expect(storage.registry.supports({ scheme: 'file', prefix })).toBe(false);
        expect(() => driver({ prefix })).toThrow(message);
      }
    });

    it('refuses a prefix that is a link to somewhere else', async () => {
      symlinkSync('/etc', join(storage.root, 'elsewhere'));
      const read = driver({ prefix: join(storage.root, 'elsewhere/') }).read('passwd');
      await expect(read).rejects.toMatchObject({ ...refused, message });
    });

    it('refuses a prefix that climbs', async () => {
      const climbing = driver({ prefix: `${storage.root}/../../etc/` });
      await expect(climbing.stat('passwd')).rejects.toMatchObject(refused);
    });
  });

  describe('that is not mounted', () => {
    it('cannot be reached, and says of no file that it is missing', async () => {
      writeFileSync(join(data, 'run'), 'events');
      renameSync(data, join(storage.root, 'away'));
      const away = { code: 'CONNECTION' };
      await expect(driver().stat('run')).rejects.toMatchObject(away);
      await expect(driver().read('run')).rejects.toMatchObject(away);
      await expect(driver().remove('run')).rejects.toMatchObject(away);
      await expect(driver().list('')).rejects.toMatchObject(away);
      await expect(driver().write('run', of('x'), 1n)).rejects.toMatchObject(away);
      await expect(driver().makeDirectories('a')).rejects.toMatchObject(away);
      expect(existsSync(data)).toBe(false);
    });

    it('cannot be reached either where the prefix is said to be the mount point', async () => {
      const unmounted = driver({ extendedAttributes: { mount_point: true } });
      await expect(unmounted.remove('run')).rejects.toMatchObject({
        code: 'CONNECTION',
        message: expect.stringContaining('nothing is mounted at'),
      });
    });

    it('may not have a mount point as prefix without saying so', async () => {
      const registry = new StorageRegistry({
        allowPrivate: true,
        posixRoots: ['/dev/shm', '/proc'],
      });
      const endpoint = { ...storage.endpoint, prefix: '/proc/' };
      await expect(registry.driver(endpoint).list('')).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining('mount_point'),
      });
      const extendedAttributes = { mount_point: true };
      const said = registry.driver({ ...endpoint, extendedAttributes });
      expect(await said.stat('version')).toMatchObject({ directory: false });
    });
  });

  describe('with links and odd things in it', () => {
    beforeEach(() => {
      mkdirSync(join(storage.root, 'outside'));
      writeFileSync(join(storage.root, 'outside/secret'), 'secret');
      symlinkSync('../outside', join(data, 'way-out'));
      symlinkSync(join(storage.root, 'outside/secret'), join(data, 'file-out'));
    });

    it('keeps links that stay inside', async () => {
      mkdirSync(join(data, 'real'));
      writeFileSync(join(data, 'real/run'), 'events');
      symlinkSync('real', join(data, 'directory'));
      symlinkSync('real/run', join(data, 'file'));
      for (const path of ['directory/run', 'file']) {
        expect(await driver().stat(path)).toMatchObject({ path, bytes: 6n });
        expect((await buffer((await driver().read(path)).stream)).toString()).toBe('events');
      }
      expect((await driver().list('')).map(({ path }) => path).sort()).toEqual([
        'directory',
        'file',
        'real',
      ]);
    });

    it('does not follow a directory that leads out, whatever is asked', async () => {
      const there = driver();
      await expect(there.stat('way-out/secret')).rejects.toMatchObject(refused);
      await expect(there.read('way-out/secret')).rejects.toMatchObject(refused);
      await expect(there.remove('way-out/secret')).rejects.toMatchObject(refused);
      await expect(there.list('way-out')).rejects.toMatchObject(refused);
      await expect(there.write('way-out/new', of('x'), 1n)).rejects.toMatchObject(refused);
      await expect(there.makeDirectories('way-out/deep/er')).rejects.toMatchObject(refused);
      await there.write('mine', of('x'), 1n);
      await expect(there.rename('mine', 'way-out/mine')).rejects.toMatchObject(refused);
      await expect(there.rename('way-out/secret', 'mine2')).rejects.toMatchObject(refused);
      expect(readdirSync(join(storage.root, 'outside'))).toEqual(['secret']);
    });

    it('reads no file that a link leads out to, and takes only the link away', async () => {
      await expect(driver().stat('file-out')).rejects.toMatchObject(refused);
      await expect(driver().read('file-out')).rejects.toMatchObject(refused);
      await driver().write('file-out', of('mine'), 4n, { overwrite: true });
      expect(readFileSync(join(data, 'file-out'), 'utf8')).toBe('mine');
      expect(await driver().remove('file-out')).toBe(true);
      expect(readFileSync(join(storage.root, 'outside/secret'), 'utf8')).toBe('secret');
    });

    it('reads and removes no pipe, and does not wait for its other end', async () => {
      execFileSync('mkfifo', [join(data, 'pipe')]);
      await expect(driver().stat('pipe')).rejects.toMatchObject(refused);
      await expect(driver().read('pipe')).rejects.toMatchObject(refused);
      await expect(driver().remove('pipe')).rejects.toMatchObject(refused);
      mkdirSync(join(data, 'directory'));
      await expect(driver().read('directory')).rejects.toMatchObject(refused);
      await expect(driver().remove('directory')).rejects.toMatchObject(refused);
      expect(existsSync(join(data, 'directory'))).toBe(true);
    });

    it('lists what can be reached, and nothing else', async () => {
      execFileSync('mkfifo', [join(data, 'pipe')]);
      symlinkSync('nowhere', join(data, 'dangling'));
      writeFileSync(join(data, 'run'), 'events');
      expect((await driver().list('')).map(({ path }) => path)).toEqual(['run']);
    });
  });

  describe('is written', () => {
    it('without a trace of what failed', async () => {
      const cut = driver().write('raw/run', of('12345'), 6n);
      await expect(cut).rejects.toMatchObject({ code: 'SIZE' });
      expect(readdirSync(join(data, 'raw'))).toEqual([]);
    });

    it('under no name that can be seen before it is whole', async () => {
      const source = new PassThrough();
      const abort = new AbortController();
      const written = driver().write('raw/run', () => source, 6n, { signal: abort.signal });
      source.write('abc');
      await eventually('a part is there', () => existsSync(join(data, 'raw')) && partOf('raw'));
      expect(await driver().stat('raw/run')).toBeNull();
      abort.abort();
      await expect(written).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(readdirSync(join(data, 'raw'))).toEqual([]);
    });

    it('over what stands there only when told to', async () => {
      await driver().write('run', of('one'), 3n);
      const second = driver().write('run', () => Promise.reject(new Error('opened')), 3n);
      await expect(second).rejects.toMatchObject({ code: 'EXISTS' });
      await driver().write('run', of('two'), 3n, { overwrite: true });
      expect(readFileSync(join(data, 'run'), 'utf8')).toBe('two');
      expect(readdirSync(data)).toEqual(['run']);
    });

    it('once, by whoever comes first', async () => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      await Promise.all(names.map((name) => driver().write(name, of(name), 1n)));
      const moves = await Promise.allSettled(names.map((name) => driver().rename(name, 'run')));
      expect(moves.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(readdirSync(data)).toHaveLength(names.length);
      expect(names).toContain(readFileSync(join(data, 'run'), 'utf8'));
    });

    it('to no directory that has the name', async () => {
      mkdirSync(join(data, 'run'));
      for (const overwrite of [true, false]) {
        const written = driver().write('run', of('x'), 1n, { overwrite });
        await expect(written).rejects.toMatchObject({ code: 'EXISTS' });
      }
    });

    it('from a source whose end was cut off while it was read', async () => {
      writeFileSync(join(data, 'run'), Buffer.alloc(2_000_000));
      const { stream } = await driver().read('run');
      stream.once('readable', () => writeFileSync(join(data, 'run'), 'short'));
      await expect(buffer(stream)).rejects.toMatchObject({ code: 'SIZE' });
    });

    it('keeps directories that become empty', async () => {
      await driver().write('raw/ab/run', of('x'), 1n);
      expect(await driver().remove('raw/ab/run')).toBe(true);
      expect(existsSync(join(data, 'raw/ab'))).toBe(true);
    });
  });

  it('says what the system says, as a cause that an operator can act on', () => {
    const causes = {
      MISSING: ['ENOENT', 'ENOTDIR'],
      FULL: ['ENOSPC', 'EDQUOT'],
      REFUSED: ['EACCES', 'EPERM', 'EROFS'],
      CONNECTION: ['ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ENODEV'],
      TIMEOUT: ['ETIMEDOUT'],
      STORAGE_ERROR: ['EIO', 'EMFILE', 'toString'],
    };
    for (const [cause, errnos] of Object.entries(causes)) {
      for (const code of errnos) {
        const error = Object.assign(new Error(`${code}: so it is, open '/proc/self/fd/7/x'`), {
          code,
        });
        expect(posixError(error, 'read x at MOUNTED')).toMatchObject({
          code: cause,
          message: `read x at MOUNTED: ${code}: so it is`,
        });
      }
    }
  });

  const mounts = mayMount();
  (mounts ? it : it.skip)('says FULL when the disk is, and leaves room again', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', data]);
    try {
      const small = driver({ extendedAttributes: { mount_point: true } });
      const written = small.write('run', of('x'.repeat(3_000_000)), 3_000_000n);
      await expect(written).rejects.toMatchObject({ code: 'FULL' });
      expect(readdirSync(data)).toEqual([]);
      await small.write('run', of('x'.repeat(500_000)), 500_000n);
    } finally {
      execFileSync('umount', [data]);
    }
  });
});

function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
