import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAuthority } from '../../../src/demo/certificates.js';
import { eventually } from '../../support/eventually.js';
import { type StorageServer } from '../site/storage-server.js';
import { content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { type Front, startFront } from './front.js';
import { type Gate, openGate } from './gate.js';
import { since, tell } from './telling.js';

/** Who answers there is not whom we were told to trust. */
describe('a storage is not believed', () => {
  let lake: FaultLake;
  let shore: StorageServer;
  let inland: StorageServer;
  let impostor: StorageServer;
  let source: Place;
  // Until the first story is told nobody may live on this machine.
  const env: Record<string, string> = { ...SHORT_TIMES, SLUICE_STORAGE__ALLOW_PRIVATE: 'false' };
  const opened: { close(): Promise<void> }[] = [];
  const gateTo = async (server: StorageServer): Promise<Gate> => {
    const gate = await openGate(server.port);
    opened.push(gate);
    return gate;
  };
  const frontOf = async (origin: string): Promise<Front> => {
    const front = await startFront(lake.authority, origin);
    opened.push(front);
    return front;
  };

  beforeAll(async () => {
    lake = await FaultLake.open(env);
    const authority = await makeAuthority('another authority');
    [shore, inland, impostor] = await Promise.all([
      lake.xrootd('shore'),
      lake.xrootd('inland'),
      lake.xrootd('impostor', { authority }),
    ]);
    source = await lake.place(shore, 'SHORE');
  });
  afterAll(async () => {
    await Promise.allSettled(opened.map((one) => one.close()));
    await lake?.close();
  });

  /** The cause and the words of the first failure that the analysis of a rule shows. */
  const troubleOf = (rule: string) =>
    eventually('the analysis has a cause', async () => {
      const trouble = await lake.trouble(rule);
      return trouble?.cause ? trouble : undefined;
    });

  it('whose name leads to this machine, unless it may live there', async () => {
    const target = await lake.place(inland, 'LOOPBACK');
    const files = { 'loopback.1': content(1000) };
    await lake.files('loopback', source, files);
    const rule = await lake.rule('loopback', target);
    expect(await troubleOf(rule)).toMatchObject({
      cause: 'ADDRESS_REFUSED',
      last_error: expect.stringMatching(/localhost \(.*storage\.allowPrivate/),
    });
    delete env['SLUICE_STORAGE__ALLOW_PRIVATE'];
    await lake.sluice.stop();
    const ended = performance.now();
    await lake.sluice.start();
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(source, target, rule, files);
    const causes = await lake.causes(source, target);
    expect(new Set(causes)).toEqual(new Set(['ADDRESS_REFUSED']));
    tell({ fault: 'a name that leads to loopback (with a restart)', causes, recoveredMs });
  });

  it('with a certificate of another authority, as destination', async () => {
    const gate = await gateTo(impostor);
    const target = await lake.place(inland, 'MASKED', { port: gate.port });
    const files = { 'masked.1': content(70_000), 'masked.2': content(0) };
    await lake.files('masked', source, files);
    const rule = await lake.rule('masked', target);
    expect(await troubleOf(rule)).toMatchObject({
      cause: 'TLS',
      last_error: expect.stringContaining('certificate'),
    });
    gate.leadTo(inland.port);
    gate.cut();
    const ended = performance.now();
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(source, target, rule, files);
    const causes = await lake.causes(source, target);
    expect(new Set(causes)).toEqual(new Set(['TLS']));
    tell({ fault: 'a certificate of another authority (destination)', causes, recoveredMs });
  });

  it('with a certificate of another authority, as source', async () => {
    const gate = await gateTo(impostor);
    const masked = await lake.place(shore, 'MASKED-SHORE', { port: gate.port });
    const target = await lake.place(inland, 'UNMASKED');
    const files = { 'source.1': content(70_000) };
    await lake.files('source', masked, files);
    const rule = await lake.rule('source', target);
    expect(await troubleOf(rule)).toMatchObject({ cause: 'TLS' });
    gate.leadTo(shore.port);
    gate.cut();
    const ended = performance.now();
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(masked, target, rule, files);
    const causes = await lake.causes(masked, target);
    expect(new Set(causes)).toEqual(new Set(['TLS']));
    tell({ fault: 'a certificate of another authority (source)', causes, recoveredMs });
  });

  it('that sends us to a host which the protocol does not name', async () => {
    // The same machine has two names in its certificate; only one of them is the storage's.
    const front = await frontOf(`https://127.0.0.1:${inland.port}`);
    const target = await lake.place(inland, 'REDIRECTED', { port: front.port });
    const files = { 'redirected.1': content(2_000_000), 'redirected.2': content(3) };
    await lake.files('redirected', source, files);
    const rule = await lake.rule('redirected', target);
    expect(await troubleOf(rule)).toMatchObject({
      cause: 'REDIRECT_REFUSED',
      last_error: expect.stringMatching(/127\.0\.0\.1.*redirect_hosts/),
    });
    expect(lake.standing(target)).toEqual([]);
    await lake.ask('DELETE', `/rses/REDIRECTED/protocols/https/localhost/${front.port}`);
    await lake.protocol(inland, 'REDIRECTED', {
      port: front.port,
      extended: { redirect_hosts: ['127.0.0.1'] },
    });
    const ended = performance.now();
    await lake.satisfied([rule]);
    const recoveredMs = since(ended);
    await lake.expectWhole(source, target, rule, files);
    const causes = await lake.causes(source, target);
    expect(new Set(causes)).toEqual(new Set(['REDIRECT_REFUSED']));
    tell({ fault: 'a redirect outside redirect_hosts', causes, recoveredMs });
  });

  it('but one that sends us to another port of itself, or to a pool that is named, is', async () => {
    const self = await frontOf(inland.url);
    const pools = await frontOf(`https://127.0.0.1:${inland.port}`);
    const own = await lake.place(inland, 'OWN-PORT', { port: self.port });
    const pool = await lake.place(inland, 'POOL', {
      port: pools.port,
      extended: { redirect_hosts: ['127.0.0.1'] },
    });
    const files = { 'inside.1': content(1_200_000) };
    await lake.files('inside', source, files);
    for (const target of [own, pool]) {
      const rule = await lake.rule('inside', target);
      await lake.satisfied([rule]);
      await lake.expectWhole(source, target, rule, files);
      expect(await lake.causes(source, target)).toEqual([]);
    }
    expect(Math.min(self.asked, pools.asked)).toBeGreaterThan(0);
  });
});
