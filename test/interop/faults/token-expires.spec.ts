import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { isRoot, openAuthority, type SiteAuthority } from '../site/authority.js';
import { ask } from '../site/lake.js';
import { type StorageServer } from '../site/storage-server.js';
import { content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { type Gate, openGate } from './gate.js';
import { slowly, tell } from './telling.js';

const BYTES = 2_000_000;
/** Slow enough to outlive a token and the minute for which XRootD believes it afterwards. */
const BYTES_PER_SECOND = 24_000;
const forRoot = isRoot() ? describe : describe.skip;

forRoot('a token that expires in flight (trusting our authority needs root)', () => {
  let authority: SiteAuthority;
  let lake: FaultLake;
  let shore: StorageServer;
  let gate: Gate;
  let source: Place;
  let targets: Place[];

  beforeAll(async () => {
    authority = await openAuthority();
    const env = {
      ...SHORT_TIMES,
      SLUICE_TOKENS__STORAGE_LIFETIME_SECONDS: '5',
      SLUICE_STORAGE__FLOOR_BYTES_PER_SECOND: '10000',
    };
    lake = await FaultLake.open(env, authority);
    const tokens = { issuer: lake.sluice.url };
    shore = await lake.xrootd('shore', { tokens });
    const inland = await lake.xrootd('inland', { tokens });
    gate = await openGate(shore.port);
    const attributes = { sign_url: 's3' };
    const extended = { token_audience: shore.url };
    source = await lake.place(shore, 'SHORE', { port: gate.port, attributes, extended });
    targets = [
      await lake.place(inland, 'STREAM', { attributes }),
      await lake.place(inland, 'PULL', { attributes, pulls: true }),
    ];
  });
  afterAll(async () => {
    await gate?.close();
    await lake?.close();
    authority?.close();
  });

  slowly(
    'ends nothing that is under way: what is verified and renamed has a fresh one',
    async () => {
      const files = { 'long.1': content(BYTES) };
      await lake.files('long', source, files);
      gate.limit(BYTES_PER_SECOND);
      const rules = [];
      for (const target of targets) rules.push(await lake.rule('long', target));
      await eventually('both are under way', () =>
        targets.every((target) => lake.standing(target).length === 1),
      );
      // One of the same age and lifetime, to see that it is worth nothing in the end.
      const url =
        gate.url + shore.prefix + lake.path(source, 'long.1').slice(shore.dataDir.length + 1);
      const query = new URLSearchParams({
        rse: source.rse,
        svc: 's3',
        op: 'read',
        url,
        lifetime: '5',
      });
      const signed = await lake.sluice.call('GET', `/credentials/signurl?${query.toString()}`);
      const twin = signed.text.replace(gate.url, shore.url);
      expect((await ask(shore, 'HEAD', twin)).status).toBe(200);
      await lake.satisfied(rules, 200_000);
      expect((await ask(shore, 'HEAD', twin)).status).toBe(403);
      const causes = [];
      for (const [i, target] of targets.entries()) {
        await lake.expectWhole(source, target, rules[i] ?? '', files);
        causes.push(...(await lake.causes(source, target)));
      }
      expect(causes).toEqual([]);
      tell({ fault: 'a token expires during a copy of 84 s', causes, recoveredMs: 0 });
    },
    300_000,
  );
});
