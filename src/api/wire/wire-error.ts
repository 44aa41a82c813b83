import { HttpException } from '@nestjs/common';
import { isDatabaseUnavailable, isRetryable } from '../../db/index.js';
import { SluiceError, UnsupportedOperation } from '../../errors/index.js';
import { CLASS_OF_STATUS, STATUS_OF } from './error-table.js';
import { NotOffered } from './not-offered.js';

/** An error as a client is told it. `unexpected` is for us: log the original. */
export interface WireError {
  readonly status: number;
  readonly exceptionClass: string;
  readonly message: string;
  readonly unexpected?: true;
}

interface Coded {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly driverError?: unknown;
}

/** What the database says when the request was at fault: bad text, numbers out of range, too dear. */
function fromDatabase(error: unknown): WireError | undefined {
  const source = (error as Coded | null)?.driverError ?? error;
  const { code } = (source ?? {}) as Coded;
  if (isDatabaseUnavailable(source) || isRetryable(source)) {
    return {
      status: 503,
      exceptionClass: 'ResourceTemporaryUnavailable',
      message: 'The catalogue cannot be reached at the moment; try again',
      unexpected: true,
    };
  }
  if (typeof code !== 'string') return undefined;
  if (/^22[0-9A-Z]{3}$/.test(code)) {
    return {
      status: 400,
      exceptionClass: 'InvalidObject',
      message: 'A value cannot be stored: out of range, or not valid text',
      unexpected: true,
    };
  }
  if (code === '57014') {
    return {
      status: 429,
      exceptionClass: 'DatabaseException',
      message: 'The question takes longer than its time budget; narrow it',
    };
  }
  return undefined;
}

/** What Nest and Fastify refuse by themselves: no such route, broken JSON, too large a body. */
function fromFramework(error: unknown): WireError | undefined {
  const { code, statusCode, message } = (error ?? {}) as Coded;
  const fastify = typeof code === 'string' && code.startsWith('FST_');
  const status =
    error instanceof HttpException ? error.getStatus() : fastify ? statusCode : undefined;
  if (typeof status !== 'number' || status < 400) return undefined;
  const exceptionClass = CLASS_OF_STATUS[status] ?? (status < 500 ? 'ValueError' : undefined);
  if (exceptionClass === undefined) return undefined;
  return { status, exceptionClass, message: String(message) };
}

/** Says what a client is told about any thrown value. Nothing of an unknown error leaks. */
export function wireErrorOf(error: unknown, requestId: string): WireError {
  if (error instanceof SluiceError) {
    const status = STATUS_OF[error.name] ?? 500;
    return { status, exceptionClass: error.name, message: error.message };
  }
  if (error instanceof NotOffered) {
    return { status: 501, exceptionClass: UnsupportedOperation.name, message: error.message };
  }
  return (
    fromFramework(error) ??
    fromDatabase(error) ?? {
      status: 500,
      exceptionClass: 'RucioException',
      message: `Something went wrong on the server; it is logged as request ${requestId}`,
      unexpected: true,
    }
  );
}

/** A message as a header can carry it: printable ASCII in one line, 125 characters and `...`. */
export function headerText(message: string): string {
  const text = message.replace(/[\r\n\t]+/g, ' ').replace(/[^\x20-\x7e]/g, '?');
  return text.length > 125 ? `${text.slice(0, 125)}...` : text;
}
