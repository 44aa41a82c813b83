import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { presign, type PresignSpec, regionOf, urlServiceOf } from '../../src/protocols/index.js';
import { opens, type S3Door, s3Door } from '../support/s3-door.js';

/** The example of the Amazon S3 API Reference, with its keys, date and signature. */
const EXAMPLE = {
  keys: {
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  },
  now: new Date('2013-05-24T00:00:00Z'),
  host: 'examplebucket.s3.amazonaws.com',
  target:
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
};

describe('URLs presigned for S3', () => {
  const { accessKey, secretKey } = EXAMPLE.keys;
  const spec = (more: Partial<PresignSpec>): PresignSpec => ({
    url: `${door.url}/bucket/km3net/ab/cd/run1.root`,
    method: 'GET',
    lifetimeSeconds: 60,
    now: clock,
    key: { accessKey, secretKey },
    region: EXAMPLE.keys.region,
    ...more,
  });
  let clock = new Date('2026-11-21T12:00:00Z');
  let door: S3Door;
  beforeAll(async () => {
    door = await s3Door(EXAMPLE.keys, () => clock);
  });
  afterAll(() => door.close());

  it('are checked by a door that lets the example of the specification in', () => {
    const { keys, ...request } = EXAMPLE;
    expect(opens({ ...request, method: 'GET' }, keys)).toBe(true);
    expect(opens({ ...request, method: 'PUT' }, keys)).toBe(false);
  });

  it('write, read and delete one object each', async () => {
    const put = await presign('s3', spec({ method: 'PUT' }));
    expect(put.split('?')[0]).toBe(`${door.url}/bucket/km3net/ab/cd/run1.root`);
    expect((await door.request('PUT', put, 'light')).status).toBe(200);
    const get = await presign('s3', spec({}));
    expect(await door.request('GET', get)).toEqual({ status: 200, text: 'light' });
    expect(
      (await door.request('DELETE', await presign('s3', spec({ method: 'DELETE' })))).status,
    ).toBe(204);
    expect(door.objects.size).toBe(0);
  });

  it.each(['/bucket//km3net/a', '/bucket/a=b,c:d', '/bucket/a%20b', "/bucket/it's(1)*", '/b/ü'])(
    'open %s, however it is written',
    async (path) => {
      const url = `${door.url}${path}`;
      expect(
        (await door.request('PUT', await presign('s3', spec({ url, method: 'PUT' })), 'x')).status,
      ).toBe(200);
    },
  );

  it('open nothing else, and nothing after their time', async () => {
    const url = await presign('s3', spec({}));
    expect((await door.request('PUT', url, 'x')).status).toBe(403);
    expect((await door.request('GET', url.replace('run1', 'run2'))).status).toBe(403);
    expect((await door.request('GET', url.split('?')[0] ?? '')).status).toBe(403);
    const region = await presign('s3', spec({ region: 'eu-west-1' }));
    expect((await door.request('GET', region)).status).toBe(403);
    clock = new Date(clock.getTime() + 61_000);
    expect((await door.request('GET', url)).status).toBe(403);
  });

  it('name a host without its usual port, as clients do', async () => {
    const host = 's3.example.org';
    const signed = await presign('s3', spec({ url: `https://${host}:443/bucket/a` }));
    const target = signed.slice(`https://${host}:443`.length);
    expect(opens({ method: 'GET', target, host, now: clock }, EXAMPLE.keys)).toBe(true);
  });
});

it('URLs of Swift are signed for method, end and path', async () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const url = 'https://swift.example.org:443/v1/AUTH_km3net/raw/a%20b';
  const signed = await presign('swift', {
    url,
    method: 'GET',
    lifetimeSeconds: 60,
    now,
    key: { secretKey: 'mykey' },
  });
  const end = now.getTime() / 1000 + 60;
  const signature = createHmac('sha256', 'mykey')
    .update(`GET\n${end}\n/v1/AUTH_km3net/raw/a b`)
    .digest('hex');
  expect(signed).toBe(`${url}?temp_url_sig=${signature}&temp_url_expires=${end}`);
});

it('a protocol says by its extended attributes which service it is, and where', () => {
  expect(urlServiceOf({ s3: true })).toBe('s3');
  expect(urlServiceOf({ gcs: {} })).toBe('gcs');
  expect(urlServiceOf({ swift: null, s3: false })).toBeUndefined();
  expect(urlServiceOf(null)).toBeUndefined();
  expect(regionOf({ s3: { region: 'eu-west-1' } }, 's3')).toBe('eu-west-1');
  expect(regionOf({ s3: true }, 's3')).toBeUndefined();
});
