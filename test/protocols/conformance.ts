import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type StorageDriver } from '../../src/protocols/index.js';

export interface Subject {
  driver: StorageDriver;
  close(): Promise<void>;
}

/** What a server that nobody here wrote cannot do. */
export interface Lacks {
  /** It tells no checksum, asked or not. */
  checksums?: boolean;
  /** What broke off before its end leaves a part under the name. */
  wholeWrites?: boolean;
}

const of = (text: string) => () => Readable.from([Buffer.from(text)]);

async function put(driver: StorageDriver, path: string, text: string): Promise<void> {
  await driver.write(path, of(text), BigInt(Buffer.byteLength(text)));
}

async function content(driver: StorageDriver, path: string, from?: bigint): Promise<string> {
  const { stream } = await driver.read(path, from === undefined ? {} : { from });
  return (await buffer(stream)).toString();
}

/** What every driver promises. `start` gives an empty storage with all abilities but pulling. */
export function conformsToProtocol(
  name: string,
  start: () => Promise<Subject>,
  lacks: Lacks = {},
): void {
  const leavesParts = lacks.wholeWrites === true;
  const told = (adler32: string) => (lacks.checksums === true ? null : adler32);
  describe(`${name} keeps what a driver promises`, () => {
    let subject: Subject;
    let driver: StorageDriver;
    beforeAll(async () => {
      subject = await start();
      ({ driver } = subject);
    });
    afterAll(() => subject.close());

    it('writes a file into directories that do not exist and reads it back', async () => {
      await put(driver, 'raw/ab/cd/one', 'hello world');
      expect(await content(driver, 'raw/ab/cd/one')).toBe('hello world');
    });

    it('tells size and checksums', async () => {
      await put(driver, 'told', 'Wikipedia');
      expect(await driver.stat('told', { checksum: true })).toMatchObject({
        path: 'told',
        directory: false,
        bytes: 9n,
        adler32: told('11e60398'),
      });
    });

    it('tells no checksum that was not asked for', async () => {
      await put(driver, 'unasked', 'x');
      expect(await driver.stat('unasked')).toMatchObject({ bytes: 1n, adler32: null, md5: null });
    });

    it('keeps the checksum of an empty file', async () => {
      await put(driver, 'empty', '');
      const entry = await driver.stat('empty', { checksum: true });
      expect(entry).toMatchObject({ bytes: 0n, adler32: told('00000001') });
      expect(await content(driver, 'empty')).toBe('');
    });

    it('says null of a file that is not there, and MISSING when it is to be read', async () => {
      expect(await driver.stat('no/such')).toBeNull();
      await expect(driver.read('no/such')).rejects.toMatchObject({ code: 'MISSING' });
    });

    it('reads from the middle', async () => {
      await put(driver, 'ranged', '0123456789');
      expect(await content(driver, 'ranged', 7n)).toBe('789');
      await expect(driver.read('ranged', { from: 10n })).rejects.toMatchObject({ code: 'SIZE' });
      await expect(driver.read('no/such', { from: 1n })).rejects.toMatchObject({ code: 'MISSING' });
    });

    it('says how many bytes will come', async () => {
      await put(driver, 'announced', '0123456789');
      const { stream, bytes } = await driver.read('announced');
      stream.destroy();
      expect(bytes).toBe(10n);
    });

    it('renames into a directory that does not exist', async () => {
      await put(driver, 'part', 'moved');
      await driver.rename('part', 'deep/er/whole');
      expect(await driver.stat('part')).toBeNull();
      expect(await content(driver, 'deep/er/whole')).toBe('moved');
    });

    it('renames over a file only when told to', async () => {
      await put(driver, 'old', 'old');
      await put(driver, 'new', 'new');
      await expect(driver.rename('new', 'old')).rejects.toMatchObject({ code: 'EXISTS' });
      await driver.rename('new', 'old', { overwrite: true });
      expect(await content(driver, 'old')).toBe('new');
    });

    it('removes a file, and says when there was none', async () => {
      await put(driver, 'gone', 'x');
      expect(await driver.remove('gone')).toBe(true);
      expect(await driver.remove('gone')).toBe(false);
    });

    it('lists a directory with files and directories', async () => {
      await put(driver, 'dir/b file', 'bb');
      await put(driver, 'dir/sub/c', 'ccc');
      const entries = await driver.list('dir');
      const seen = entries.map(({ path, directory, bytes }) => ({ path, directory, bytes }));
      expect(seen).toEqual(
        expect.arrayContaining([
          { path: 'dir/b file', directory: false, bytes: 2n },
          { path: 'dir/sub', directory: true, bytes: 0n },
        ]),
      );
      expect(seen).toHaveLength(2);
      await expect(driver.list('no/such')).rejects.toMatchObject({ code: 'MISSING' });
    });

    it('makes directories as often as it is told', async () => {
      await driver.makeDirectories('made/by/us');
      await driver.makeDirectories('made/by/us');
      await put(driver, 'made/by/us/file', 'x');
      expect(await content(driver, 'made/by/us/file')).toBe('x');
    });

    it('refuses a body of another length than was said', async () => {
      for (const bytes of [4n, 6n]) {
        const written = driver.write('odd', of('12345'), bytes);
        await expect(written).rejects.toMatchObject({ code: 'SIZE' });
      }
      if (!leavesParts) expect(await driver.stat('odd')).toBeNull();
    });

    it('passes on why the source failed', async () => {
      const failing = () =>
        Readable.from(
          (function* () {
            yield Buffer.from('a');
            throw new Error('the tape broke');
          })(),
        );
      const written = driver.write('broken', failing, 1000n);
      await expect(written).rejects.toThrow('the tape broke');
      if (!leavesParts) expect(await driver.stat('broken')).toBeNull();
    });

    it('ends when it is cancelled', async () => {
      const signal = AbortSignal.abort();
      const cancelled = { code: 'CANCELLED' };
      await expect(driver.stat('told', { signal })).rejects.toMatchObject(cancelled);
      await expect(driver.read('told', { signal })).rejects.toMatchObject(cancelled);
    });

    it('refuses every path that would leave the prefix', async () => {
      for (const path of ['../up', 'a/../../up', 'a/./b', 'a\r\nb', 'a\u0000b', '', '/']) {
        await expect(driver.read(path)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
        await expect(driver.rename('told', path)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
      }
    });

    it('keeps any name that can be a name', async () => {
      const segment = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
        .map((text) => text.replace(/[/\p{Cc}]/gu, '_'))
        .filter((text) => text !== '.' && text !== '..' && Buffer.byteLength(text) < 200);
      await fc.assert(
        fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 3 }), async (segments) => {
          const path = ['names', ...segments, 'leaf'].join('/');
          await put(driver, path, path);
          expect(await content(driver, path)).toBe(path);
          expect((await driver.stat(path))?.path).toBe(path);
          expect(await driver.remove(path)).toBe(true);
        }),
        { numRuns: 30 },
      );
    });
  });
}
