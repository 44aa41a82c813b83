import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { toJson } from './json.js';
import { OCTETS } from './media-types.js';
import { routeStatuses } from './refuses.js';
import { headerText, wireErrorOf } from './wire-error.js';

/** The part of a pino logger that failures need. */
export interface FailureLog {
  error(fields: object, message: string): void;
}

/**
 * Answers a request with an error: `{"ExceptionClass", "ExceptionMessage"}` as body and both as
 * headers, because some client calls look only at one of them. Once lines have been sent the
 * connection is cut instead, which is the only way left to say that the answer is not whole.
 */
export function sendError(
  reply: FastifyReply,
  request: FastifyRequest,
  error: unknown,
  log: FailureLog,
): void {
  const told = wireErrorOf(error, String(request.id));
  const { exceptionClass, message, unexpected } = told;
  const status = routeStatuses(request)[exceptionClass] ?? told.status;
  if (unexpected || (status >= 500 && status !== 501)) {
    log.error({ err: error, requestId: request.id, method: request.method }, message);
  }
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  for (const header of ['content-length', 'content-encoding']) reply.removeHeader(header);
  void reply
    .code(status)
    .header('content-type', OCTETS)
    .header('ExceptionClass', exceptionClass)
    .header('ExceptionMessage', headerText(message))
    .send(toJson({ ExceptionClass: exceptionClass, ExceptionMessage: message }));
}

/** The one exception filter: `app.useGlobalFilters(new WireExceptionFilter(log))`. */
@Catch()
export class WireExceptionFilter implements ExceptionFilter {
  constructor(private readonly log: FailureLog) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(http.getResponse<FastifyReply>(), http.getRequest<FastifyRequest>(), error, this.log);
  }
}
