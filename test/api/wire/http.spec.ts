import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Body, Controller, Delete, Get, Header, Module, Param, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FailureLog, WireExceptionFilter } from '../../../src/api/wire/exception-filter.js';
import { installWire, serverOptions } from '../../../src/api/wire/fastify.js';
import { toJson } from '../../../src/api/wire/json.js';
import { METALINK } from '../../../src/api/wire/media-types.js';
import { streamRows } from '../../../src/api/wire/ndjson.js';
import { Produces } from '../../../src/api/wire/produces.js';
import { AccessDenied, DataIdentifierNotFound } from '../../../src/errors/index.js';

const TOO_LARGE = Buffer.alloc(64 * 1024 * 1024 + 1, 32);
const logged: string[] = [];
const log: FailureLog = { error: (_fields, message) => logged.push(message) };
let sourceClosed: Promise<void>;
let produced = 0;

async function* failingAfter(rows: number): AsyncGenerator<object> {
  for (let i = 0; i < rows; i++) yield await Promise.resolve({ i });
  throw new DataIdentifierNotFound('gone');
}

function* endless(closed: () => void): Generator<object> {
  try {
    for (;;) yield { row: produced++, filler: 'x'.repeat(1000) };
  } finally {
    closed();
  }
}

@Controller('dids')
class DidsController {
  @Get(':scope/:name/meta/:key')
  meta(@Param() parameters: object) {
    return parameters;
  }
  @Get(':scope/:name')
  did(@Param() parameters: { scope: string; name: string }) {
    return { ...parameters, bytes: 2n ** 60n, at: new Date(0), limit: Infinity };
  }
  @Delete(':scope/:name/dids')
  detach(@Body() body: unknown) {
    return { body: body ?? 'none' };
  }
}

@Controller('samples')
class SamplesController {
  @Get('lines')
  lines(@Query('fail') fail?: string) {
    return streamRows(fail === undefined ? ['"a"', { b: 1n }] : failingAfter(Number(fail)));
  }
  @Get('endless')
  endless() {
    let closed = () => {};
    sourceClosed = new Promise((resolve) => (closed = resolve));
    return streamRows(endless(closed));
  }
  @Get('empty')
  empty() {
    return streamRows([]);
  }
  @Get('id')
  @Header('content-type', 'application/json')
  id() {
    return toJson('0123');
  }
  @Get('metalink')
  @Produces(METALINK)
  metalink() {
    return '<metalink/>';
  }
  @Get('denied')
  denied() {
    throw new AccessDenied(`naïve\r\n${'x'.repeat(200)}`);
  }
  @Get('bug')
  bug() {
    throw new Error('secret detail');
  }
  @Get('away')
  away() {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  }
  @Post('echo')
  echo(@Body() body: unknown) {
    return { body };
  }
}

@Module({ controllers: [DidsController, SamplesController] })
class WireModule {}

let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  const adapter = new FastifyAdapter(serverOptions(log));
  app = await NestFactory.create(WireModule, adapter, { bodyParser: false, logger: false });
  installWire(adapter.getInstance());
  app.useGlobalFilters(new WireExceptionFilter(log));
  await app.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(() => app.close());

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  complete: boolean;
}

/** One raw request: nothing is normalised, no header is added. */
function send(
  method: string,
  path: string,
  body?: string | Buffer,
  extra: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const headers = { ...length, ...extra };
    const options = { method, path, headers, agent: false };
    const sent = httpRequest(`${base}/`, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', () => {});
      response.on('close', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          complete: response.complete,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the wire over HTTP', () => {
  it('answers JSON without a charset, with large integers, dates and Infinity', async () => {
    const answer = await send('GET', '/dids/s//a/b/');
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body).toBe(
      '{"scope":"s","name":"/a/b","bytes":1152921504606846976,' +
        '"at":"Thu, 01 Jan 1970 00:00:00 UTC","limit":Infinity}',
    );
  });

  it('routes decoded, encoded and long names to the same ordinary route', async () => {
    const long = 'x'.repeat(250);
    for (const name of ['/a/meta', 'a b+c', 'Zürich', long, '%']) {
      const answer = await send('GET', `/dids/s/${encodeURIComponent(name)}/meta/key`);
      expect(JSON.parse(answer.body)).toEqual({ scope: 's', name, key: 'key' });
    }
  });

  it('sends a JSON string and metalink with exactly their types', async () => {
    const id = await send('GET', '/samples/id');
    expect([id.headers['content-type'], id.body]).toEqual(['application/json', '"0123"']);
    const metalink = await send('GET', '/samples/metalink');
    expect([metalink.headers['content-type'], metalink.body]).toEqual([METALINK, '<metalink/>']);
  });

  it('streams lines', async () => {
    const answer = await send('GET', '/samples/lines');
    expect(answer.headers['content-type']).toBe('application/x-json-stream');
    expect(answer.body).toBe('"a"\n{"b":1}\n');
    const empty = await send('GET', '/samples/empty');
    expect([empty.status, empty.body, empty.complete]).toEqual([200, '', true]);
  });

  it('turns a failure before the first line into an error, and cuts a later one', async () => {
    const early = await send('GET', '/samples/lines?fail=0');
    expect([early.status, early.headers.exceptionclass]).toEqual([404, 'DataIdentifierNotFound']);
    const late = await send('GET', '/samples/lines?fail=100000').catch(() => undefined);
    expect(late?.complete ?? false).toBe(false);
  });

  it('reads no further than the client does, and closes the source when the client leaves', async () => {
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest(`${base}/samples/endless`, { agent: false }, (response) => {
        response.once('data', () => {
          sent.destroy();
          resolve();
        });
        response.on('error', () => {});
      });
      sent.on('error', () => {});
      sent.setTimeout(10_000, () => reject(new Error('no data')));
      sent.end();
    });
    await sourceClosed;
    expect(produced).toBeLessThan(20_000);
  });

  it.each([
    ['POST', '/samples/echo', 201],
    ['DELETE', '/dids/s/n/dids', 200],
  ])('reads a JSON body of %s without a content type', async (method, path, status) => {
    const answer = await send(method, path, '{"a":[1]}');
    expect([answer.status, answer.body]).toEqual([status, '{"body":{"a":[1]}}']);
  });

  it('takes a DELETE without a body, and 16 MB of attachments', async () => {
    expect((await send('DELETE', '/dids/s/n/dids')).body).toBe('{"body":"none"}');
    const large = toJson(new Array(160_000).fill({ scope: 'data', name: 'x'.repeat(70) }));
    const answer = await send('POST', '/samples/echo', large);
    expect([answer.status, answer.body.length]).toEqual([201, large.length + '{"body":}'.length]);
  });

  it('puts the class and a short plain message into headers, the whole one into the body', async () => {
    const answer = await send('GET', '/samples/denied');
    expect(answer.status).toBe(403);
    expect(answer.headers.exceptionclass).toBe('AccessDenied');
    expect(answer.headers.exceptionmessage).toBe(`na?ve ${'x'.repeat(119)}...`);
    expect(JSON.parse(answer.body)).toEqual({
      ExceptionClass: 'AccessDenied',
      ExceptionMessage: `naïve\r\n${'x'.repeat(200)}`,
    });
  });

  it('names the methods that a path has', async () => {
    const answer = await send('POST', '/dids/s/n/meta/key');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('refuses a client that does not take what the route produces', async () => {
    const asking = (accept: string) => send('GET', '/samples/metalink', undefined, { accept });
    const refused = await asking('application/json');
    expect([refused.status, refused.headers.exceptionclass]).toEqual([
      406,
      'UnsupportedRequestedContentType',
    ]);
    expect((await asking('text/csv, application/*')).status).toBe(200);
    expect((await asking('*/*')).status).toBe(200);
  });

  it('logs an unknown error and says only where to look for it', async () => {
    const answer = await send('GET', '/samples/bug');
    expect([answer.status, answer.headers.exceptionclass]).toEqual([500, 'RucioException']);
    expect(answer.body).not.toMatch(/secret/);
    expect(logged.at(-1)).toMatch(/logged as request [0-9a-f-]{36}/);
  });

  it.each([
    ['an absent database', 'GET', '/samples/away', undefined, 503, 'ResourceTemporaryUnavailable'],
    ['an unknown route', 'GET', '/nowhere', undefined, 404, 'RouteNotFound'],
    ['a method that a path has not', 'PUT', '/samples/echo', undefined, 405, 'MethodNotAllowed'],
    ['broken JSON', 'POST', '/samples/echo', '{"a"', 400, 'ValueError'],
    ['a poisoned prototype', 'POST', '/samples/echo', '{"__proto__":{"x":1}}', 400, 'ValueError'],
    ['a path that is no UTF-8', 'GET', '/dids/s/%E9', undefined, 400, 'ValueError'],
    ['an endless name', 'GET', `/dids/s/${'x'.repeat(3000)}`, undefined, 414, 'InvalidObject'],
    ['too large a body', 'POST', '/samples/echo', TOO_LARGE, 413, 'InvalidObject'],
  ])('says %s as an error of the wire', async (_what, method, path, body, status, name) => {
    const answer = await send(method, path, body);
    expect([answer.status, answer.headers.exceptionclass]).toEqual([status, name]);
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    expect(JSON.parse(answer.body)).toMatchObject({ ExceptionClass: name });
  });
});
