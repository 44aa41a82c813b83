/** A message names so many; of more it says how many. */
const NAMED_MAX = 10;

/** `A, B, C`: names for people; of many the first, and how many more there are. */
export const nameSome = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`;
