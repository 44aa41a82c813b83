import { abortedError } from '../storage-error.js';

/** A call that was ended gets this long to tidy up behind itself. */
const TIDY_MS = 2_000;

/**
 * Runs a call that system calls may hold up for ever (a mount whose server is away): once the signal
 * has come, it is waited for a moment and then left alone. Throws the signal's StorageError.
 */
export async function unlessAborted<T>(
  run: () => Promise<T>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return run();
  if (signal.aborted) throw abortedError(signal, what);
  let stop = () => {};
  const ended = new Promise<never>((_, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const leave = () => {
      timer = setTimeout(() => reject(abortedError(signal, what)), TIDY_MS);
    };
    signal.addEventListener('abort', leave, { once: true });
    stop = () => {
      signal.removeEventListener('abort', leave);
      clearTimeout(timer);
    };
  });
  try {
    return await Promise.race([run(), ended]);
  } finally {
    stop();
  }
}
