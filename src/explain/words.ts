export { readableBytes as sized } from '../vocabulary/index.js';

/** `1 file`, `12,000 files`. */
export const counted = (count: bigint | number, noun: string, plural = `${noun}s`): string =>
  `${count.toLocaleString('en-US')} ${BigInt(count) === 1n ? noun : plural}`;

/** A moment in UTC as near as it needs to be: `14:10 UTC` today, else with its day. */
export function clockTime(at: Date, now: Date): string {
  const [day, time] = [at.toISOString().slice(0, 10), at.toISOString().slice(11, 16)];
  return day === now.toISOString().slice(0, 10) ? `${time} UTC` : `${day} ${time} UTC`;
}

/** `at 14:10 UTC`, or `now` for what is due. */
export const dueAt = (at: Date, now: Date): string =>
  at <= now ? 'now' : `at ${clockTime(at, now)}`;

/** `A`, `A and B`, `A, B and 3 more`. */
export function listed(names: readonly string[], most = 5): string {
  if (names.length > most) {
    return `${names.slice(0, most).join(', ')} and ${counted(names.length - most, 'more', 'more')}`;
  }
  const last = names.at(-1) ?? 'none';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Seconds as people say them: `45 s`, `20 min`, `3 h`, `14 days`. */
export function lasting(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A sentence that begins with a capital letter. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
