import { type FastifyInstance } from 'fastify';
import { toJson } from './json.js';

// Clients compare these literally: anything else, even a charset behind it, makes them hand the
// body on as raw text.
export const JSON_TYPE = 'application/json';
export const NDJSON = 'application/x-json-stream';
export const METALINK = 'application/metalink4+xml';
/** What errors and signed URLs are sent as. */
export const OCTETS = 'application/octet-stream';

const CHARSET_OF_JSON = /^(application\/(?:json|x-json-stream|metalink4\+xml))\s*;\s*charset=.*$/i;

/**
 * Makes answers exact: bodies are encoded by toJson, and JSON leaves as `application/json` alone.
 * Fastify adds `; charset=utf-8` to every JSON content type while a reply is sent, whatever the
 * route has set, and has no switch for it; the onSend hook is the last place before the header is
 * written, so it is taken off there.
 */
export function installMediaTypes(fastify: FastifyInstance): void {
  fastify.setReplySerializer(toJson);
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    const type = reply.getHeader('content-type');
    const exact = typeof type === 'string' ? CHARSET_OF_JSON.exec(type)?.[1] : undefined;
    if (exact !== undefined) reply.header('content-type', exact);
    done(null, payload);
  });
}

/**
 * Whether an Accept header admits a media type: absent and wildcards do, q=0 does not.
 * Routes answer UnsupportedRequestedContentType (406) where it does not.
 */
export function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  const [family] = type.split('/');
  return accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return name === type || name === `${family}/*` || name === '*/*';
  });
}
