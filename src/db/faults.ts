interface CodedError {
  readonly code?: unknown;
  readonly message?: unknown;
}

const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as CodedError;
  return typeof code === 'string' ? code : '';
};

/** Serialization failure and deadlock: the transaction is whole again when it is run again. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error));

/**
 * The database is away, starting, stopping, full, or somebody holds a lock for too long: nothing is
 * wrong with the request.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(08|57P0|53|55P03|25P03)/.test(code)) return true;
  if (['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'].includes(code)) {
    return (error as { syscall?: string }).syscall !== 'open';
  }
  const { message } = (error ?? {}) as CodedError;
  return (
    typeof message === 'string' &&
    /Connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|Client was closed/i.test(
      message,
    )
  );
}

/** The connection broke under a transaction: whatever the client library called it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  /** SQLSTATE connection_failure. */
  readonly code = '08006';

  constructor(cause: unknown) {
    super('The connection to the database was lost', { cause });
  }
}

/** The violated constraint's name, or undefined: for turning a race that was lost into a fact. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!['23505', '23503', '23514'].includes(codeOf(error))) return undefined;
  const { constraint } = error as { constraint?: unknown };
  return typeof constraint === 'string' ? constraint : undefined;
}
