import { describe, expect, it } from '@jest/globals';
import { CONTENT, memorySetting, run } from './setting.js';

describe('the stream tool', () => {
  it('moves a file, verifies it and leaves nothing under the temporary name', async () => {
    const { destination, job, tool } = memorySetting('moves');
    const outcome = await run(tool, await job());
    expect(outcome).toMatchObject({ state: 'DONE', bytesMoved: BigInt(CONTENT.length) });
    expect(outcome.finishedAt).toBeInstanceOf(Date);
    expect(destination.list()).toEqual(['/data/raw/run']);
    expect(destination.get('/data/raw/run')?.toString()).toBe(CONTENT);
  });

  it('copies nothing when the destination holds the file already', async () => {
    const { destination, job, tool } = memorySetting('same');
    destination.put('/data/raw/run', CONTENT);
    destination.failNext('write', 'REFUSED');
    expect(await run(tool, await job())).toMatchObject({ state: 'DONE', bytesMoved: 0n });
  });

  it('finds that out by reading where the storage tells no checksum', async () => {
    const { destination, job, tool } = memorySetting('same-read');
    destination.hidesChecksums = true;
    destination.put('/data/raw/run', CONTENT);
    destination.failNext('write', 'REFUSED');
    expect(await run(tool, await job())).toMatchObject({ state: 'DONE', bytesMoved: 0n });
  });

  it('removes what earlier attempts may have left, and says what this one may have', async () => {
    const { destination, job, tool } = memorySetting('leftovers');
    destination.put('/data/raw/earlier.part', 'half');
    const made = await job();
    const later = { ...made.destination, leftovers: ['raw/earlier.part', 'raw/never-was.part'] };
    destination.failNext('write', 'CONNECTION');
    expect(await run(tool, { ...made, destination: later })).toMatchObject({ leftover: true });
    expect(destination.list()).toEqual([]);
    destination.failNext('write', 'REFUSED');
    expect(await run(tool, await job())).toMatchObject({ state: 'FAILED', leftover: false });
  });

  it('does not touch another file at the destination unless it may overwrite', async () => {
    const { destination, job, tool } = memorySetting('exists');
    destination.put('/data/raw/run', 'precious');
    const outcome = await run(tool, await job());
    expect(outcome).toMatchObject({ state: 'FAILED', cause: 'DEST_EXISTS', side: 'destination' });
    expect(destination.get('/data/raw/run')?.toString()).toBe('precious');
    expect(await run(tool, await job({ overwrite: true }))).toMatchObject({ state: 'DONE' });
    expect(destination.get('/data/raw/run')?.toString()).toBe(CONTENT);
  });

  it('tells a source with other bytes than the catalogue says, and keeps nothing of it', async () => {
    const { destination, job, tool } = memorySetting('bad-source');
    const outcome = await run(tool, await job({ adler32: '0badcafe' }));
    expect(outcome).toMatchObject({
      state: 'FAILED',
      cause: 'SOURCE_CHECKSUM',
      side: 'source',
      expected: 'adler32:0badcafe',
    });
    expect(outcome.found).toMatch(/^adler32:[0-9a-f]{8}$/);
    expect(destination.list()).toEqual([]);
  });

  it('compares the md5 when the catalogue knows no adler32', async () => {
    const { job, tool } = memorySetting('md5');
    const md5 = '00000000000000000000000000000000';
    const outcome = await run(tool, await job({ adler32: null, md5 }));
    expect(outcome).toMatchObject({ cause: 'SOURCE_CHECKSUM', expected: `md5:${md5}` });
  });

  it('tells a source of another size before a byte is moved', async () => {
    const { job, tool } = memorySetting('short');
    const outcome = await run(tool, await job({ bytes: 7n }));
    expect(outcome).toMatchObject({
      cause: 'SOURCE_SIZE',
      expected: '7',
      found: String(CONTENT.length),
      bytesMoved: 0n,
    });
  });

  it('tells a destination that changes bytes, and removes them', async () => {
    const { destination, job, tool } = memorySetting('corrupt');
    destination.corruptWrites = true;
    const outcome = await run(tool, await job());
    expect(outcome).toMatchObject({ cause: 'DEST_CHECKSUM', side: 'destination' });
    expect(destination.list()).toEqual([]);
  });

  it('re-reads what it wrote where the storage tells no checksum', async () => {
    const { destination, job, tool } = memorySetting('reread');
    destination.hidesChecksums = true;
    destination.corruptWrites = true;
    expect(await run(tool, await job())).toMatchObject({ cause: 'DEST_CHECKSUM' });
  });

  it('compares with what was read when the catalogue knows no checksum', async () => {
    const { destination, job, tool } = memorySetting('unknown');
    destination.corruptWrites = true;
    const outcome = await run(tool, await job({ adler32: null, md5: null }));
    expect(outcome).toMatchObject({ cause: 'DEST_CHECKSUM' });
  });

  it.each([
    ['a missing source', 'source', 'read', 'MISSING', 'SOURCE_MISSING'],
    ['a source that refuses', 'source', 'read', 'REFUSED', 'SOURCE_REFUSED'],
    ['a full destination', 'destination', 'write', 'FULL', 'DEST_FULL'],
    ['a destination that refuses', 'destination', 'stat', 'REFUSED', 'DEST_REFUSED'],
    ['a rename that is refused', 'destination', 'rename', 'REFUSED', 'DEST_REFUSED'],
    ['a lost connection', 'destination', 'write', 'CONNECTION', 'CONNECTION'],
  ] as const)('names %s', async (_, end, operation, fault, cause) => {
    const { destination, job, source, tool } = memorySetting('named');
    (end === 'source' ? source : destination).failNext(operation, fault);
    expect(await run(tool, await job())).toMatchObject({ state: 'FAILED', cause, side: end });
    expect(destination.list()).toEqual([]);
  });

  it('believes in a rename whose answer got lost when the file stands there', async () => {
    const { destination, job, tool } = memorySetting('lost-answer');
    const wish = await job();
    await tool.submit([wish]);
    await tool.settled();
    // The second attempt: the file was renamed, the client was told of a broken connection.
    destination.files.clear();
    const again = await job();
    const rename = destination.enter.bind(destination);
    destination.enter = async (operation, signal) => {
      if (operation === 'rename') destination.put('/data/raw/run', CONTENT);
      return rename(operation, signal);
    };
    destination.failNext('rename', 'CONNECTION');
    expect(await run(tool, again)).toMatchObject({ state: 'DONE' });
  });

  it('writes the final name where the storage cannot rename', async () => {
    const { destination, job, tool } = memorySetting('no-rename');
    const wish = await job();
    wish.destination.endpoint.extendedAttributes['rename'] = false;
    destination.failNext('rename', 'REFUSED');
    expect(await run(tool, wish)).toMatchObject({ state: 'DONE' });
    expect(destination.list()).toEqual(['/data/raw/run']);
  });

  it('says NO_PROTOCOL of a scheme that nobody speaks', async () => {
    const { job, tool } = memorySetting('scheme');
    const wish = await job();
    const { endpoint } = wish.source;
    wish.source.endpoint = { ...endpoint, scheme: 'gsiftp' };
    expect(tool.canMove(wish.source.endpoint, endpoint)).toBe(false);
    expect(tool.canMove(endpoint, endpoint)).toBe(true);
    expect(await run(tool, wish)).toMatchObject({ cause: 'NO_PROTOCOL', side: 'source' });
  });

  it('does not take a running transfer on twice, and knows nothing of others', async () => {
    const { destination, job, tool } = memorySetting('twice');
    const wish = await job();
    const release = destination.hold('rename');
    await tool.submit([wish]);
    await tool.submit([wish]);
    const [running, unknown] = await tool.poll([wish.requestId, 999_999n]);
    expect(running).toMatchObject({ state: 'RUNNING', requestId: wish.requestId });
    expect(unknown).toMatchObject({ state: 'UNKNOWN', requestId: 999_999n });
    release();
    await tool.settled();
    expect(await tool.poll([wish.requestId])).toMatchObject([{ state: 'DONE' }]);
  });

  it('ends a transfer that is cancelled, and cleans up after it', async () => {
    const { destination, job, tool } = memorySetting('cancel');
    const wish = await job();
    const renaming = new Promise<void>((reached) => {
      const enter = destination.enter.bind(destination);
      destination.enter = (operation, signal) => {
        if (operation === 'rename') reached();
        return enter(operation, signal);
      };
    });
    const release = destination.hold('rename');
    await tool.submit([wish]);
    await renaming;
    await tool.cancel([wish.requestId]);
    release();
    expect(await tool.poll([wish.requestId])).toMatchObject([
      { state: 'FAILED', cause: 'CANCELLED' },
    ]);
    expect(destination.list()).toEqual([]);
  });

  it('ends a transfer at once that is cancelled while it waits for its turn', async () => {
    const { destination, job, tool } = memorySetting('waiting', { perStorageMax: 1 });
    const [first, second] = [await job(), await job()];
    const release = destination.hold('write');
    await tool.submit([first, second]);
    await tool.cancel([second.requestId]);
    expect(await tool.poll([first.requestId, second.requestId])).toMatchObject([
      { state: 'RUNNING' },
      { state: 'FAILED', cause: 'CANCELLED', bytesMoved: 0n },
    ]);
    release();
    await tool.settled();
    expect(await tool.poll([first.requestId])).toMatchObject([{ state: 'DONE' }]);
  });

  it('never has more transfers at a storage than it may', async () => {
    const { destination, job, tool } = memorySetting('limits', { perStorageMax: 2 });
    let writing = 0;
    let most = 0;
    const enter = destination.enter.bind(destination);
    destination.enter = async (operation, signal) => {
      if (operation === 'write') most = Math.max(most, (writing += 1));
      await enter(operation, signal);
      if (operation === 'rename') writing -= 1;
    };
    const jobs = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const one = await job();
        one.destination.path = `raw/run-${i}`;
        return one;
      }),
    );
    await tool.submit(jobs);
    await tool.settled();
    const outcomes = await tool.poll(jobs.map(({ requestId }) => requestId));
    expect(outcomes.every(({ state }) => state === 'DONE')).toBe(true);
    expect(most).toBe(2);
  });

  it('tells whoever asked of every end, and forgets old ones', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    const told: bigint[] = [];
    const { job, tool } = memorySetting('forgets', {
      keepMs: 1000,
      now: () => now,
      onFinished: ({ requestId }) => told.push(requestId),
    });
    const wish = await job();
    await run(tool, wish);
    expect(told).toEqual([wish.requestId]);
    now = new Date('2026-01-01T00:00:02Z');
    await tool.submit([]);
    expect(await tool.poll([wish.requestId])).toMatchObject([{ state: 'UNKNOWN' }]);
  });
});
