import { describe, expect, it } from '@jest/globals';
import ADLER32 from 'adler-32';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { DigestStream, digestOf } from '../../src/protocols/index.js';
import { adler32FromInt4 } from '../../src/vocabulary/checksum.js';

describe('the digest of a stream', () => {
  it('agrees with another implementation, however the bytes are cut', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const whole = Buffer.concat(parts);
        const digest = await digestOf(Readable.from(parts.map((part) => Buffer.from(part))), {
          md5: true,
        });
        expect(digest).toEqual({
          bytes: BigInt(whole.length),
          adler32: adler32FromInt4(ADLER32.buf(whole)),
          md5: createHash('md5').update(whole).digest('hex'),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('is not told before the end', () => {
    expect(() => new DigestStream().digest()).toThrow('unfinished');
  });

  it('is told with the last byte where their number is known, before anybody sees the end', async () => {
    for (const text of ['', 'Wikipedia', 'x'.repeat(700_000)]) {
      const expected = BigInt(text.length);
      const stream = new DigestStream({ expected, md5: true });
      const source = new Readable({ read: () => undefined });
      source.pipe(stream);
      if (text !== '') source.push(text);
      for (let seen = 0n; seen < expected;) {
        const [chunk] = (await once(stream, 'data')) as [Buffer];
        seen += BigInt(chunk.length);
      }
      const { md5, bytes } = stream.digest();
      expect(bytes).toBe(expected);
      expect(md5).toBe(createHash('md5').update(text).digest('hex'));
      stream.destroy();
    }
  });

  it('counts also what comes beyond the number that was said', async () => {
    const digest = await digestOf(Readable.from([Buffer.from('abc'), Buffer.from('def')]), {
      expected: 3n,
    });
    expect(digest.bytes).toBe(6n);
  });

  it('fails with its source', async () => {
    const source = new Readable({ read: () => undefined });
    const digest = digestOf(source);
    source.destroy(new Error('the tape broke'));
    await expect(digest).rejects.toThrow('the tape broke');
  });

  it('does not take a source that closed early for one that ended', async () => {
    const source = new Readable({ read: () => undefined });
    const digest = digestOf(source);
    source.push('half');
    source.destroy();
    await expect(digest).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});
