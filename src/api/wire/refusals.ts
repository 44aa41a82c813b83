import { type FastifyInstance } from 'fastify';
import { MethodNotAllowed, UnsupportedRequestedContentType } from '../../errors/index.js';
import { accepts, JSON_TYPE, METALINK, NDJSON, OCTETS } from './media-types.js';

/** Every type that some route answers with; a client that takes none of them is refused at once. */
const ANSWERED = [JSON_TYPE, NDJSON, METALINK, OCTETS, 'text/plain', 'text/html'];

/** A route's pattern as a test of paths: a parameter is one segment, `*` is the rest. */
const pathTest = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );

/**
 * Tells what a router does not: a path that exists, asked with a method it has not, is
 * MethodNotAllowed (405, with Allow) and not an unknown route; an Accept header that takes nothing
 * this API sends is UnsupportedRequestedContentType (406).
 */
export function installRefusals(fastify: FastifyInstance): void {
  const methods = new Map<string, { path: RegExp; allowed: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? { path: pathTest(url), allowed: new Set() };
    for (const name of [method].flat()) known.allowed.add(name);
    methods.set(url, known);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const accept = request.headers.accept;
    if (accept !== undefined && !ANSWERED.some((type) => accepts(accept, type))) {
      return done(new UnsupportedRequestedContentType(`Nothing here is sent as ${accept}`));
    }
    if (!request.is404) return done();
    const [path = ''] = request.url.split('?', 1);
    const allowed = [...methods.values()]
      .filter((route) => route.path.test(path))
      .flatMap((route) => [...route.allowed]);
    if (allowed.length === 0) return done();
    const list = [...new Set(allowed)].sort().join(', ');
    reply.header('allow', list);
    done(new MethodNotAllowed(`${request.method} is not for this path; it takes ${list}`));
  });
}
