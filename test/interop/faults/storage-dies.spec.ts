import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { type StorageServer } from '../site/storage-server.js';
import { content, FaultLake, SHORT_TIMES } from './fault-lake.js';
import { type Gate, openGate } from './gate.js';
import { since, slowly, tell } from './telling.js';

const MIB = 1024 * 1024;

describe('during a copy', () => {
  let lake: FaultLake;
  let shore: StorageServer;
  let inland: StorageServer;
  let gate: Gate;

  beforeAll(async () => {
    lake = await FaultLake.open(SHORT_TIMES);
    [shore, inland] = await Promise.all([lake.xrootd('shore'), lake.xrootd('inland')]);
    gate = await openGate(shore.port);
  });
  afterAll(async () => {
    await gate?.close();
    await lake?.close();
  });

  /** Copies by both tools, over a line so slow that a fault finds them half-way. */
  async function halfWay(story: string) {
    const source = await lake.place(shore, `${story}-SHORE`, { port: gate.port });
    const streamed = await lake.place(inland, `${story}-STREAM`);
    const pulled = await lake.place(inland, `${story}-PULL`, { pulls: true });
    const files = { [`${story}.1`]: content(12 * MIB), [`${story}.2`]: content(10 * MIB + 7) };
    await lake.files(story, source, files);
    gate.limit(2 * MIB);
    const places = [streamed, pulled];
    const rules = [await lake.rule(story, streamed), await lake.rule(story, pulled)];
    for (const place of places) {
      await eventually(
        `bytes come to ${place.rse}`,
        () => lake.standing(place).length === 2 && lake.bytesAt(place) > MIB,
      );
    }
    return { source, places, rules, files };
  }
  type Copies = Awaited<ReturnType<typeof halfWay>>;

  const failed = ({ source, places }: Copies) =>
    eventually('both have failed', async () =>
      (await Promise.all(places.map((place) => lake.causes(source, place)))).every(
        (causes) => causes.length > 0,
      ),
    );

  async function recovered(fault: string, { source, places, rules, files }: Copies) {
    const ended = performance.now();
    gate.limit(null);
    await lake.satisfied(rules);
    const recoveredMs = since(ended);
    const causes = [];
    for (const [i, place] of places.entries()) {
      await lake.expectWhole(source, place, rules[i] ?? '', files);
      causes.push(...(await lake.causes(source, place)));
      const tool = place.rse.endsWith('PULL') ? 'http-tpc' : 'stream';
      const tools = (await lake.attempts(source, place)).map((one) => one.transfertool);
      expect(new Set(tools)).toEqual(new Set([tool]));
    }
    tell({ fault, causes, recoveredMs });
    return causes;
  }

  slowly('the source is killed, and started again', async () => {
    const copies = await halfWay('SOURCE-KILLED');
    await shore.kill();
    await failed(copies);
    await shore.start();
    const causes = await recovered('the source is killed during a copy', copies);
    expect(new Set(causes)).toEqual(new Set(['CONNECTION']));
  });

  slowly('the destination is killed, and started again', async () => {
    const copies = await halfWay('DESTINATION-KILLED');
    await inland.kill();
    await failed(copies);
    await inland.start();
    const causes = await recovered('the destination is killed during a copy', copies);
    expect(new Set(causes)).toEqual(new Set(['CONNECTION']));
  });

  slowly('the source stands still for a moment: nobody minds', async () => {
    const copies = await halfWay('SHORT-STALL');
    shore.pause();
    await pause(3000);
    shore.resume();
    const causes = await recovered('the source stands still for 3 s', copies);
    expect(causes).toEqual([]);
  });

  slowly('the source stands still for longer than that', async () => {
    const copies = await halfWay('LONG-STALL');
    shore.pause();
    await failed(copies);
    shore.resume();
    const causes = await recovered('the source stands still for long', copies);
    expect(causes).toContain('STALLED');
  });
});
