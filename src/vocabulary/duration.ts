/** Units of a duration as people write it, the longest first, with their seconds. */
const UNITS = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** A hundred years: no end that anybody means is later. */
const SECONDS_MAX = 3_155_760_000;

/** `30d`, `12h`, `90m`, `4w`, `45s` as seconds; undefined for anything else, and for nothing at all. */
export function parseDuration(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,10})([wdhms])$/.exec(text) ?? [];
  const factor = UNITS.find(([letter]) => letter === unit)?.[1];
  if (factor === undefined) return undefined;
  const seconds = Number(amount) * factor;
  return seconds > 0 && seconds <= SECONDS_MAX ? seconds : undefined;
}

/** Seconds in the longest unit below weeks that says them exactly: `30d`, `90s`. */
export function printDuration(seconds: number): string {
  const [letter, factor] =
    UNITS.find(([unit, size]) => unit !== 'w' && seconds % size === 0) ?? UNITS[4];
  return `${seconds / factor}${letter}`;
}
