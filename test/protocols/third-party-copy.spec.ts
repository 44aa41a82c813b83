import { afterEach, describe, expect, it } from '@jest/globals';
import { type ServerResponse } from 'node:http';
import { StorageRegistry, thirdPartyAbilities } from '../../src/protocols/index.js';
import { type RawServer, startRaw } from './raw-server.js';

const marker = (bytes: number, stripe = 0) =>
  `Perf Marker\nTimestamp: 1\nStripe Index: ${stripe}\nStripe Bytes Transferred: ${bytes}\nTotal Stripe Count: 1\nEnd\n`;

describe('a third-party copy on the wire', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function asked(
    reply: (response: ServerResponse) => void,
    options: { onBytes?: (moved: bigint) => void; signal?: AbortSignal } = {},
  ): Promise<{ server: RawServer; copied: Promise<void> }> {
    const server = await startRaw((_, response) => reply(response));
    const registry = new StorageRegistry({ allowPrivate: true });
    open.push(server, registry);
    const far = { way: 'pull', url: 'https://far/data/f', token: 'T' } as const;
    return { server, copied: registry.driver(server.endpoint).thirdPartyCopy('a', far, options) };
  }
  const answer = (status: number, body: string) => (response: ServerResponse) =>
    void response.writeHead(status).end(body);

  it('asks for a pull with the headers that XRootD insists on', async () => {
    const { copied, server } = await asked(answer(201, 'success: Created'));
    await copied;
    expect(server.seen).toMatchObject([
      {
        method: 'COPY',
        url: '/data/a',
        headers: {
          Source: 'https://far/data/f',
          Credential: 'none',
          Overwrite: 'F',
          TransferHeaderAuthorization: 'Bearer T',
        },
      },
    ]);
  });

  it('asks for a push at the source', async () => {
    const server = await startRaw((_, response) => answer(201, 'success: Created')(response));
    const registry = new StorageRegistry({ allowPrivate: true });
    open.push(server, registry);
    const far = { way: 'push', url: 'https://far/data/f' } as const;
    await registry.driver(server.endpoint).thirdPartyCopy('a', far, { overwrite: true });
    const headers = { Destination: 'https://far/data/f', Credential: 'none', Overwrite: 'T' };
    expect(server.seen).toMatchObject([{ method: 'COPY', headers }]);
    expect(server.seen[0]?.headers).not.toHaveProperty('TransferHeaderAuthorization');
  });

  it('tells the bytes of all stripes, however the answer is cut into pieces', async () => {
    const told: bigint[] = [];
    const pieces =
      `${marker(5)}${marker(7, 1)}${marker(9)}success: Created`.match(/.{1,7}/gs) ?? [];
    const { copied } = await asked(
      (response) => {
        response.writeHead(201);
        for (const piece of pieces) response.write(piece);
        response.end();
      },
      { onBytes: (moved) => told.push(moved) },
    );
    await copied;
    expect(told).toEqual([5n, 12n, 16n]);
  });

  const remote = (status: number) =>
    `failure: Remote side failed with status code ${status}; error message: "no "`;
  const far = { farSide: true, unreached: false };
  const near = { farSide: false, unreached: false };
  const between = { farSide: true, unreached: true };
  it.each([
    [remote(404), 'MISSING', far],
    [remote(403), 'REFUSED', far],
    [remote(401), 'AUTH', far],
    [remote(500), 'STORAGE_ERROR', far],
    [remote(507), 'FULL', far],
    ['failure: rejected GET: 404 Not Found', 'MISSING', far],
    ["failure: Couldn't connect to server", 'CONNECTION', between],
    ["failure: Couldn't resolve host name", 'CONNECTION', between],
    ['failure: SSL peer certificate or SSH remote key was not OK', 'TLS', between],
    ['failure: Transferred a partial file', 'CONNECTION', far],
    ['failure: Failure when receiving data from the peer', 'CONNECTION', far],
    ['failure: Server returned nothing (no headers, no data)', 'CONNECTION', far],
    ['failure: Timeout was reached', 'TIMEOUT', far],
    [
      'failure: Error when interacting with local filesystem: Transfer failed because no bytes have been received in 60 seconds.',
      'STALLED',
      far,
    ],
    [
      'failure: Error when interacting with local filesystem: Unable to write /data/a; no space left on device (code=28)',
      'FULL',
      near,
    ],
    [
      'failure: Error when interacting with local filesystem: Unable to write /data/a; input/output error',
      'STORAGE_ERROR',
      near,
    ],
    ['failure: something new', 'STORAGE_ERROR', far],
    ['aborted: by an operator', 'STORAGE_ERROR', far],
  ])('takes 201 and then "%s" for %s', async (line, code, where) => {
    const { copied } = await asked(answer(201, `${marker(0)}${line}\n`));
    await expect(copied).rejects.toMatchObject({ code, ...where });
  });

  it('takes a verdict that comes with a status for the verdict (XRootD 5.8)', async () => {
    const { copied } = await asked(answer(500, remote(404)));
    await expect(copied).rejects.toMatchObject({ code: 'MISSING', farSide: true });
  });

  it.each([
    [400, 'Unable to open /data/a; no such file or directory', 'MISSING'],
    [400, 'Request unknown', 'STORAGE_ERROR'],
    [401, '', 'AUTH'],
    [403, '', 'REFUSED'],
    [412, 'Unable to create /data/a; file exists', 'EXISTS'],
    [501, '', 'STORAGE_ERROR'],
  ])('takes %i %s for a refusal of the storage that was asked', async (status, body, code) => {
    const { copied } = await asked(answer(status, body));
    await expect(copied).rejects.toMatchObject({ code, status, farSide: false });
  });

  it('takes nothing but a verdict for success', async () => {
    const { copied } = await asked(answer(201, marker(10)));
    await expect(copied).rejects.toThrow('ended without a verdict');
  });

  it('says CONNECTION when the answer breaks off', async () => {
    const { copied } = await asked((response) => {
      response.writeHead(201).write(marker(1), () => response.destroy());
    });
    await expect(copied).rejects.toMatchObject({ code: 'CONNECTION', farSide: false });
  });

  it('closes the connection when it is cancelled, which ends the copy', async () => {
    const cancel = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const { copied } = await asked(
      (response) => {
        closed = new Promise((resolve) => response.once('close', resolve));
        response.writeHead(201).write(marker(1));
      },
      { signal: cancel.signal, onBytes: () => cancel.abort() },
    );
    await expect(copied).rejects.toMatchObject({ code: 'CANCELLED' });
    await closed;
  });

  it('may take twice as long as another call: whoever asked watches its progress', async () => {
    const server = await startRaw(() => undefined);
    const registry = new StorageRegistry({ allowPrivate: true, timeoutBaseMs: 20 });
    open.push(server, registry);
    const end = { way: 'pull', url: 'https://far/data/f' } as const;
    const copied = registry.driver(server.endpoint).thirdPartyCopy('a', end);
    await expect(copied).rejects.toThrow('pull at RAW: no end within 40 ms');
  });

  it('keeps tokens out of what it tells', async () => {
    const line = 'failure: GET https://far/data/f?authz=Bearer%20abc.def.ghi failed';
    const { copied } = await asked(answer(201, line));
    const error: unknown = await copied.catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('authz=…');
  });
});

describe('what a storage copies by itself', () => {
  it.each([
    ['https', undefined, true, true],
    ['davs', true, true, true],
    ['https', 'pull', true, false],
    ['https', 'push', false, true],
    ['https', false, false, false],
    ['http', undefined, false, false],
    ['http', true, false, false],
    ['file', true, false, false],
  ])('%s with third_party_copy %s: pull %s, push %s', (scheme, said, pull, push) => {
    const extendedAttributes = said === undefined ? {} : { third_party_copy: said };
    expect(thirdPartyAbilities({ scheme, extendedAttributes })).toEqual({ pull, push });
  });
});
