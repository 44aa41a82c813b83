import { randomUUID } from 'node:crypto';
import { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { ValueError } from '../../errors/index.js';
import { type FailureLog, sendError } from './exception-filter.js';
import { installMediaTypes } from './media-types.js';
import { noteNul } from './nul.js';
import { installRefusals } from './refusals.js';
import { rewriteUrl } from './rewrite-url.js';

/** Clients send attachments of 10^5 files (15 MB) in one body; counts are limited by each route. */
const BODY_LIMIT = 64 * 1024 * 1024;

/** File names of experiments pass Fastify's 100 characters; encoded ones are three times as long. */
const PARAMETER_LENGTH = 2048;

/** Options for `new FastifyAdapter(serverOptions(log))`. */
export function serverOptions(log: FailureLog): FastifyServerOptions {
  return {
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomUUID(),
    rewriteUrl: (request) => rewriteUrl(request.url ?? '/'),
    routerOptions: { maxParamLength: PARAMETER_LENGTH },
    // What the router itself refuses (a malformed URL, a parameter too long) passes no filter.
    frameworkErrors: (error, request, reply) => sendError(reply, request, error, log),
  };
}

/** Levels of lists and objects in one body; metadata has a handful. */
const DEPTH = 64;

/** Whether a value has more levels than that: what walks it by recursion would run out of stack. */
function isTooDeep(value: unknown): boolean {
  let layer = [value].filter(isBranch);
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth === DEPTH) return true;
    const below: object[] = [];
    for (const branch of layer) {
      for (const item of Object.values(branch)) if (isBranch(item)) below.push(item);
    }
    layer = below;
  }
  return false;
}

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Reads every request body as JSON, whatever its Content-Type says or whether it has one: clients
 * send none, on DELETE too. No body is undefined. Broken JSON and more than 64 levels are a
 * ValueError. A key `__proto__` is refused. Needs `NestFactory.create(…, { bodyParser: false })`.
 */
export function installBodyParsers(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    if (text.trim() === '') return done(null, undefined);
    void parseJson.call(fastify, request, text, (error: Error | null, value?: unknown) => {
      if (error) return done(new ValueError('The body is not valid JSON'));
      if (isTooDeep(value)) return done(new ValueError(`The body has more than ${DEPTH} levels`));
      noteNul(text, value);
      done(null, value);
    });
  });
}

/**
 * Everything the wire needs of Fastify: bodies in, bodies out, and what is refused at the door.
 * Call between NestFactory.create and app.init: routes must not be there yet.
 */
export function installWire(fastify: FastifyInstance): void {
  installBodyParsers(fastify);
  installMediaTypes(fastify);
  installRefusals(fastify);
}
