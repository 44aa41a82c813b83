import { afterEach, expect, it } from '@jest/globals';
import { Recent, StorageRegistry } from '../../src/protocols/index.js';
import { type RawServer, startRaw } from './raw-server.js';

const FAR = { way: 'pull', url: 'https://far/data/f' } as const;
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** A storage with one directory, `/data/d/`, that copies nothing into a missing one. */
async function storage(): Promise<{
  server: RawServer;
  rid: () => void;
  registry: StorageRegistry;
}> {
  let stands = false;
  const server = await startRaw(({ method }, response) => {
    if (method === 'MKCOL') response.writeHead(stands ? 405 : 201);
    else response.writeHead(stands ? 201 : 404);
    if (method === 'MKCOL') stands = true;
    response.end(method === 'COPY' && stands ? 'success: Created' : '');
  });
  const registry = new StorageRegistry({ allowPrivate: true });
  open.push(server, registry);
  return { server, registry, rid: () => (stands = false) };
}

const methods = ({ seen }: RawServer) => seen.map(({ method }) => method).join(' ');

it('a directory is made once, not for every copy into it', async () => {
  const { registry, server } = await storage();
  for (const name of ['d/a', 'd/b']) {
    const driver = registry.driver(server.endpoint);
    await driver.makeDirectories('d');
    await driver.thirdPartyCopy(name, FAR);
  }
  expect(methods(server)).toBe('MKCOL COPY COPY');
});

it('a directory that somebody removed is made again, and the copy asked for again', async () => {
  const { registry, rid, server } = await storage();
  const driver = registry.driver(server.endpoint);
  await driver.makeDirectories('d');
  rid();
  await driver.makeDirectories('d');
  await driver.thirdPartyCopy('d/a', FAR);
  expect(methods(server)).toBe('MKCOL COPY MKCOL COPY');
});

it('what was remembered is over after its time, and the oldest makes room', () => {
  const recent = new Recent<number>(1000, 2);
  recent.set('a', 1, 0);
  expect([recent.get('a', 999), recent.get('a', 1000), recent.get('a', -1)]).toEqual([
    1,
    undefined,
    undefined,
  ]);
  recent.set('b', 2, 0);
  recent.set('c', 3, 0);
  expect([recent.get('a', 1), recent.get('b', 1), recent.get('c', 1)]).toEqual([undefined, 2, 3]);
});
