/**
 * One enum of the wire: its names (what clients read and write) and its letters (what rows hold).
 * Letters are Rucio's own, because filters on the wire use them.
 */
export interface Codec<Name extends string, Letter extends string> {
  readonly names: readonly Name[];
  readonly letters: readonly Letter[];
  /** The wire name of a stored letter. Throws on a letter that no row may hold. */
  name(letter: string): Name;
  /** The letter of a wire name (any case), or undefined. */
  letter(name: string): Letter | undefined;
  /** Accepts a name in any case or a letter, or gives undefined. */
  parse(text: string): Letter | undefined;
}

/** Builds the codec of an object { NAME: 'L', … }. */
export function codecOf<const E extends Record<string, string>>(
  values: E,
): Codec<keyof E & string, E[keyof E]> {
  const byLetter = new Map(Object.entries(values).map(([name, letter]) => [letter, name]));
  const byName = new Map(Object.entries(values));
  const letter = (name: string) => byName.get(name.toUpperCase()) as E[keyof E] | undefined;
  return {
    names: Object.keys(values),
    letters: Object.values(values) as E[keyof E][],
    name(stored) {
      const name = byLetter.get(stored);
      if (name === undefined) throw new RangeError(`no name for stored letter '${stored}'`);
      return name;
    },
    letter,
    parse: (text) =>
      letter(text) ??
      (byLetter.has(text.toUpperCase()) ? (text.toUpperCase() as E[keyof E]) : undefined),
  };
}
