import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProtocolEndpoint, StorageRegistry } from '../../../src/protocols/index.js';
import { eventually } from '../../support/eventually.js';
import { type StorageServer } from '../site/storage-server.js';
import { content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { type Gate, openGate } from './gate.js';
import { since, tell } from './telling.js';

/** What stands at a storage is not what it should be, or not what the storage says. */
describe('bytes that are not the file', () => {
  let lake: FaultLake;
  let shore: StorageServer;
  let inland: StorageServer;
  let source: Place;
  const gates: Gate[] = [];

  beforeAll(async () => {
    lake = await FaultLake.open({ ...SHORT_TIMES });
    [shore, inland] = await Promise.all([lake.xrootd('shore'), lake.xrootd('inland')]);
    source = await lake.place(shore, 'SHORE');
  });
  afterAll(async () => {
    await Promise.allSettled(gates.map((gate) => gate.close()));
    await lake?.close();
  });

  /** The adler32 that the shore's XRootD tells of a file, asked for it. */
  const digestOf = async ({ rse, directory }: Place, name: string): Promise<string | null> => {
    const storages = new StorageRegistry({ allowPrivate: true });
    const driver = storages.driver(endpointAt(rse));
    const below = lake.path({ rse, directory }, name).slice(directory.length + 1);
    const entry = await driver.stat(below, { checksum: true });
    storages.close();
    return entry?.adler32 ?? null;
  };
  const endpointAt = (rse: string): ProtocolEndpoint => ({
    ...{ rse, scheme: 'https', hostname: 'localhost', port: shore.port, impl: '' },
    prefix: `${shore.prefix}${rse}/`,
    extendedAttributes: { ca: lake.authority.certificate },
  });

  const flipped = (bytes: Buffer): Buffer => {
    const other = Buffer.from(bytes);
    other.writeUInt8(other.readUInt8(other.length >> 1) ^ 1, other.length >> 1);
    return other;
  };

  const manners = [
    ['through Sluice', 'STREAM'],
    ['by third-party copy', 'PULL'],
  ] as const;

  /** A file in two copies, of which the nearer one is about to be spoilt. */
  async function twoCopies(story: string) {
    const rotten = await lake.place(shore, `${story}-ROTTEN`);
    const sound = await lake.place(shore, `${story}-SOUND`);
    const target = await lake.place(inland, story, { pulls: story.endsWith('PULL') });
    await lake.ask('POST', `/rses/${rotten.rse}/distances/${target.rse}`, { distance: 1 });
    await lake.ask('POST', `/rses/${sound.rse}/distances/${target.rse}`, { distance: 9 });
    const name = `${story}.1`;
    const bytes = content(300_000);
    await lake.files(story, rotten, { [name]: bytes });
    await lake.copies(sound, { [name]: bytes });
    return { story, rotten, sound, target, name, bytes };
  }

  /** The rotten copy is proved bad by our own reading, declared so, and the other one taken. */
  async function takesTheOther(fault: string, copies: Awaited<ReturnType<typeof twoCopies>>) {
    const { story, rotten, sound, target, name, bytes } = copies;
    const began = performance.now();
    const rule = await lake.rule(story, target);
    await lake.satisfied([rule]);
    const recoveredMs = since(began);
    await lake.expectWhole(sound, target, rule, { [name]: bytes });
    const causes = await lake.causes(rotten, target);
    expect(causes).toEqual(['SOURCE_CHECKSUM']);
    // Nothing holds it: it may have been deleted since, as it should be.
    const bad = (await lake.ask('GET', '/replicas/bad/states')) as {
      name: string;
      rse: string;
    }[];
    expect(bad.filter((one) => one.name === name).map(({ rse }) => rse)).toEqual([rotten.rse]);
    tell({ fault: `${fault} (${story})`, causes, recoveredMs });
  }

  it.each(manners)('a source with one wrong bit is found out: %s', async (_, manner) => {
    const copies = await twoCopies(`ROT-${manner}`);
    lake.put(copies.rotten, copies.name, flipped(copies.bytes));
    await takesTheOther('one wrong bit at the source', copies);
  });

  it.each(manners)(
    'also where the storage still tells the right checksum: %s',
    async (_, manner) => {
      const copies = await twoCopies(`STALE-${manner}`);
      const { bytes, name, rotten } = copies;
      const told = await digestOf(rotten, name);
      const path = lake.path(rotten, name);
      const { atime, mtime } = statSync(path);
      // XRootD keeps a digest by the second of the last change: this is another file of that second.
      writeFileSync(path, flipped(bytes));
      utimesSync(path, atime, mtime);
      expect(await digestOf(rotten, name)).toBe(told);
      await takesTheOther('one wrong bit, and a checksum from before', copies);
    },
  );

  it('a source that is too short, with no other, is told until another copy is found', async () => {
    const target = await lake.place(inland, 'SHORT');
    const drawer = await lake.place(shore, 'DRAWER');
    const whole = content(100_000);
    await lake.files('short', source, { 'short.1': whole });
    lake.put(source, 'short.1', whole.subarray(0, 60_000));
    const rule = await lake.rule('short', target);
    const trouble = await eventually('the rule is stuck', async () => {
      const row = await lake.ruleRow(rule);
      return row.state === 'STUCK' ? await lake.trouble(rule) : undefined;
    });
    expect(trouble?.last_error).toMatch(/SOURCE_SIZE.*expected 100000, found 60000/);
    expect(lake.standing(target)).toEqual([]);
    const ended = performance.now();
    await lake.copies(drawer, { 'short.1': whole });
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(drawer, target, rule, { 'short.1': whole });
    const causes = await lake.causes(source, target);
    expect(causes).toContain('SOURCE_SIZE');
    tell({
      fault: 'the only source is cut short, until a copy is registered',
      causes,
      recoveredMs,
    });
  });

  it('something else of the right size under the final name is not taken for it', async () => {
    const target = await lake.place(inland, 'SQUATTED');
    const files = { 'squatted.1': content(50_000), 'squatted.2': content(50_000) };
    await lake.files('squatted', source, files);
    const part = Buffer.concat([files['squatted.1'].subarray(0, 20_000), Buffer.alloc(30_000)]);
    lake.put(target, 'squatted.1', part);
    // The other one is the file itself, left by whoever knows: it is taken as it is.
    lake.put(target, 'squatted.2', files['squatted.2']);
    const rule = await lake.rule('squatted', target);
    const trouble = await eventually('a cause', async () => await lake.trouble(rule));
    expect(trouble).toMatchObject({ cause: 'DEST_EXISTS' });
    await eventually('what is right is OK', async () => {
      return (await lake.ruleRow(rule)).locks_ok_cnt === 1;
    });
    rmSync(lake.path(target, 'squatted.1'));
    const ended = performance.now();
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(source, target, rule, files);
    const causes = await lake.causes(source, target);
    expect(new Set(causes)).toEqual(new Set(['DEST_EXISTS']));
    tell({ fault: 'a partial file of the right size at the destination', causes, recoveredMs });
  });

  it('a byte that changes on the way is found by the destination’s checksum', async () => {
    const gate = await openGate(inland.port);
    gates.push(gate);
    const target = await lake.place(inland, 'NOISY', { port: gate.port, scheme: 'http' });
    const files = { 'noisy.1': content(400_000) };
    await lake.files('noisy', source, files);
    gate.damageAfter(100_000);
    const began = performance.now();
    const rule = await lake.rule('noisy', target);
    await lake.satisfied([rule]);
    const recoveredMs = since(began);
    await lake.expectWhole(source, target, rule, files);
    const causes = await lake.causes(source, target);
    expect(causes).toEqual(['DEST_CHECKSUM']);
    tell({ fault: 'a byte that changes on the way', causes, recoveredMs });
  });

  it('a checksum that the storage tells of another file is not believed', async () => {
    const files = { 'stale.1': content(1000), 'stale.2': content(1000) };
    await lake.files('stale', source, files);
    // XRootD 5.5 on one connection: the digest that was asked for one file comes with another one too.
    const agent = new Agent({ ca: lake.authority.certificate, keepAlive: true, maxSockets: 1 });
    const get = (name: string, headers: Record<string, string>) =>
      new Promise<string | undefined>((resolve, reject) => {
        const path = shore.prefix + lake.path(source, name).slice(shore.dataDir.length + 1);
        const ask = request({ port: shore.port, host: 'localhost', agent, path });
        for (const [key, value] of Object.entries(headers)) ask.setHeader(key, value);
        ask.once('response', (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.headers['digest'] as string | undefined));
        });
        ask.once('error', reject).end();
      });
    const first = await get('stale.1', { 'Want-Digest': 'adler32' });
    const second = await get('stale.2', {});
    agent.destroy();
    expect(first).toMatch(/^adler32=[0-9a-f]{8}$/);
    expect(second).toBe(first);

    const storages = new StorageRegistry({ allowPrivate: true, requestsPerHostMax: 1 });
    const driver = storages.driver(endpointAt(source.rse));
    const below = (name: string) => lake.path(source, name).slice(source.directory.length + 1);
    const told = await driver.stat(below('stale.1'), { checksum: true });
    const untold = await driver.stat(below('stale.2'));
    const asked = await driver.stat(below('stale.2'), { checksum: true });
    storages.close();
    expect(told?.adler32).toMatch(/^[0-9a-f]{8}$/);
    expect(untold?.adler32).toBeNull();
    expect(asked?.adler32).not.toBe(told?.adler32);
  });
});
