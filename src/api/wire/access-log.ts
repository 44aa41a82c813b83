import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Log, redactUrl } from '../../log/index.js';
import { type AuthenticatedRequest } from './auth-guard.js';

const notes = new WeakMap<object, Record<string, unknown>>();

/** Adds facts to the line that the log gets of this request: the rules it made, say. */
export function note(request: FastifyRequest, facts: Record<string, unknown>): void {
  notes.set(request.raw, { ...notes.get(request.raw), ...facts });
}

/** `PUT /config/{section}/{option}/{value}`: a setting may be a secret. */
const SETTING = /^(\/+config(?:\/+[^/?]+){2})\/+[^?]*/;

/**
 * One line for each answer, with the request's id, which the client also gets (`X-Request-Id`): from
 * there to the rules it made, and from a rule to its transfers, the log can be followed.
 */
export function installAccessLog(fastify: FastifyInstance, log: Log): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('X-Request-Id', request.id);
    done();
  });
  fastify.addHook('onResponse', (request: AuthenticatedRequest, reply, done) => {
    log.info(
      {
        requestId: request.id,
        method: request.method,
        url: redactUrl(request.originalUrl.replace(SETTING, '$1/[redacted]')),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        account: request.caller?.account,
        ...notes.get(request.raw),
      },
      'answered',
    );
    done();
  });
}
