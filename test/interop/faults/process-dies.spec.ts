import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { content, type Content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { type Gate, openGate } from './gate.js';
import { since, slowly, tell } from './telling.js';

const FILES = 200;
const BYTES = 50_000;

/** Files of one length and random content. */
export const many = (count: number, name: string, bytes: number): Content =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${name}.${i}`, content(bytes)] as const),
  );

describe('Sluice is killed', () => {
  let lake: FaultLake;
  let source: Place;
  let gate: Gate;
  let targets: Place[];

  beforeAll(async () => {
    lake = await FaultLake.open({ ...SHORT_TIMES, SLUICE_REQUESTS__PER_STORAGE_MAX: '20' });
    const [shore, inland] = await Promise.all([lake.xrootd('shore'), lake.xrootd('inland')]);
    gate = await openGate(shore.port);
    source = await lake.place(shore, 'SHORE', { port: gate.port });
    targets = [
      await lake.place(inland, 'STREAM'),
      await lake.place(inland, 'PULL', { pulls: true }),
    ];
  });
  afterAll(async () => {
    await gate?.close();
    await lake?.close();
  });

  const standing = () => targets.reduce((sum, target) => sum + lake.standing(target).length, 0);

  slowly(
    `again and again during ${2 * FILES} transfers, between claim, submit, poll and settle`,
    async () => {
      const files = many(FILES, 'killed', BYTES);
      await lake.files('killed', source, files);
      gate.limit(100_000);
      const rules = [];
      for (const target of targets) rules.push(await lake.rule('killed', target));
      // At the first claim, at bytes under way, at the first arrivals, in the middle, near the end.
      const moments = [0, 1, 20, 2 * FILES * 0.3, 2 * FILES * 0.6, 2 * FILES * 0.85];
      for (const [at, least] of moments.entries()) {
        await eventually(`${least} files stand there`, () => standing() >= least, 120_000);
        // Not always at the same step of the work that is under way then.
        await pause(at * 37);
        await lake.sluice.kill();
        await lake.sluice.start();
      }
      gate.limit(null);
      const ended = performance.now();
      await lake.satisfied(rules, 120_000);
      const recoveredMs = since(ended);
      const causes = [];
      for (const [i, target] of targets.entries()) {
        await lake.expectWhole(source, target, rules[i] ?? '', files);
        causes.push(...(await lake.causes(source, target)));
      }
      expect(new Set(causes)).toEqual(new Set(['LOST_WORKER']));
      const fault = `Sluice killed ${moments.length} times during ${2 * FILES} transfers`;
      tell({ fault, causes, recoveredMs });
    },
    400_000,
  );
});
