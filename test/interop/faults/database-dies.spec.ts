import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { since, slowly, tell } from './telling.js';

const FILES = 1000;

describe('PostgreSQL is killed', () => {
  let lake: FaultLake;
  let source: Place;
  let target: Place;

  beforeAll(async () => {
    lake = await FaultLake.open({ ...SHORT_TIMES });
    const [shore, inland] = await Promise.all([lake.xrootd('shore'), lake.xrootd('inland')]);
    source = await lake.place(shore, 'SHORE');
    target = await lake.place(inland, 'INLAND');
  });
  afterAll(async () => {
    await lake?.close();
  });

  slowly(
    `three times during ${FILES} transfers: each file arrives once`,
    async () => {
      const files = Object.fromEntries(
        Array.from({ length: FILES }, (_, i) => [`small.${i}`, content(1000 + i)] as const),
      );
      await lake.files('small', source, files);
      const rule = await lake.rule('small', target);
      let ended = performance.now();
      for (const share of [0.1, 0.4, 0.7]) {
        await eventually(
          `${share} of them stand there`,
          () => lake.standing(target).length >= share * FILES,
          120_000,
        );
        await lake.sluice.killPostgres();
        ended = performance.now();
        await eventually('Sluice answers', async () => (await lake.ruleRow(rule)).state, 60_000);
      }
      const answeredMs = since(ended);
      await lake.satisfied([rule], 180_000);
      const recoveredMs = since(ended);
      const causes = await lake.causes(source, target);
      // What the tables could not be told in time was begun anew; no storage failed.
      expect(causes.filter((cause) => cause !== 'LOST_WORKER')).toEqual([]);
      await lake.expectWhole(source, target, rule, files);
      expect((await lake.attempts(source, target)).length - causes.length).toBe(FILES);
      const fault = `PostgreSQL killed three times during ${FILES} transfers`;
      tell({ fault, causes, recoveredMs });
      tell({
        fault: 'PostgreSQL killed: until the API answers',
        causes: [],
        recoveredMs: answeredMs,
      });
    },
    400_000,
  );
});
