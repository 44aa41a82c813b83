import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Asks again and again until the answer is not undefined or false, and gives it. Throws after
 * `withinMs` with what was waited for and the last error, if the question failed.
 */
export async function eventually<T>(
  what: string,
  question: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await question();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`within ${withinMs} ms it did not happen: ${what}`, { cause: last });
    }
    await pause(POLL_MS);
  }
}
