import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok, type World, world } from './dids/world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  await ok(w.root('POST', '/dids/km3net/run1', { type: 'DATASET' }));
});
afterAll(() => w.close());

/** Calls of Rucio's web UI that the Python client does not make, or makes in another way. */
describe('the web UI', () => {
  it('reads the status of a DID where it is written', async () => {
    const { body } = await ok(w.root('GET', '/dids/km3net/run1/status'));
    expect(body).toMatchObject({ scope: 'km3net', name: 'run1', type: 'DATASET', open: true });
    await ok(w.root('PUT', '/dids/km3net/run1/status', { open: false }));
    expect((await ok(w.root('GET', '/dids/km3net/run1/status'))).body).toMatchObject({
      open: false,
    });
  });

  it('lists RSEs without a slash behind it', async () => {
    const rows = (await ok(w.root('GET', '/rses?expression=SHORE-DISK'))).body;
    expect(rows).toEqual([expect.objectContaining({ rse: 'SHORE-DISK' })]);
  });

  it('lists what waits for approval, approves one rule and denies another', async () => {
    const wish = { dids: [{ scope: 'km3net', name: 'run1' }], copies: 1, ask_approval: true };
    const asked = async (comment: string, lifetime: number) =>
      (
        (
          await ok(
            w.root('POST', '/rules/', {
              ...{ ...wish, rse_expression: 'SHORE-DISK', account: comment, comment, lifetime },
            }),
          )
        ).body as string[]
      )[0] ?? '';
    const ids = [await asked('root', 3600), await asked('alice', 3600)];
    const waiting = async () =>
      ((await ok(w.root('GET', '/rules/?state=W'))).body as { id: string; state: string }[]).map(
        ({ id, state }) => `${id} ${state}`,
      );
    expect((await waiting()).toSorted()).toEqual(
      ids.map((id) => `${id} WAITING_APPROVAL`).toSorted(),
    );
    await ok(w.root('PUT', `/rules/${ids[0]}`, { options: { approve: true } }));
    expect(await waiting()).toEqual([`${ids[1]} WAITING_APPROVAL`]);
    await ok(
      w.root('PUT', `/rules/${ids[1]}`, { options: { approve: false, comment: 'too much' } }),
    );
    expect(await waiting()).toEqual([]);
  });
});
