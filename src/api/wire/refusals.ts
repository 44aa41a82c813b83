import { type FastifyInstance } from 'fastify';
import { MethodNotAllowed, ValueError } from '../../errors/index.js';
import { notOffered } from './not-offered.js';

/** A route's pattern as a test of paths: a parameter is one segment, `*` is the rest. */
const pathTest = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );

/** The name of a parameter with a NUL in it, which PostgreSQL keeps in no text. */
function nulIn(parameters: unknown): string | undefined {
  const entries = Object.entries((parameters ?? {}) as Record<string, unknown>);
  return entries.find(([name, value]) => `${name}${String(value)}`.includes('\0'))?.[0];
}

/**
 * Refuses parameters that no route can do anything with, and tells what the router does not: a path
 * that exists, asked with a method it has not, is MethodNotAllowed (405, with Allow) and not an
 * unknown route; and what is not offered at all is 501, whoever asks.
 */
export function installRefusals(fastify: FastifyInstance): void {
  const methods = new Map<string, { path: RegExp; allowed: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? { path: pathTest(url), allowed: new Set() };
    for (const name of [method].flat()) known.allowed.add(name);
    methods.set(url, known);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const field = nulIn(request.params) ?? nulIn(request.query);
    if (field !== undefined) {
      const name = field.replaceAll('\0', '?');
      return done(new ValueError(`Parameter '${name}' has a NUL character`, { field: name }));
    }
    if (!request.is404) return done();
    const [path = ''] = request.url.split('?', 1);
    const absent = notOffered(path);
    if (absent) return done(absent);
    const allowed = [...methods.values()]
      .filter((route) => route.path.test(path))
      .flatMap((route) => [...route.allowed]);
    if (allowed.length === 0) return done();
    const list = [...new Set(allowed)].sort().join(', ');
    reply.header('allow', list);
    done(new MethodNotAllowed(`${request.method} is not for this path; it takes ${list}`));
  });
}
