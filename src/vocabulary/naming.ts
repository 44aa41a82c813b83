/** How DIDs may be named; a site chooses one. The database takes the names of all of them. */
export const NamingSchemes = ['generic', 'dirac'] as const;
export type NamingScheme = (typeof NamingSchemes)[number];

/**
 * New names, by scheme. No path has the parts `.` and `..`.
 *
 * `generic` is Rucio's generic schema. `dirac` takes all of that, and DIRAC's logical file names: paths
 * from the virtual organisation down, up to 500 characters, in which `+ = , @ ~` may stand too. Nothing
 * that a path, a URL or JSON would have to escape is in either.
 */
export const DidNamePatterns: Readonly<Record<NamingScheme, RegExp>> = {
  generic: /^(?!.*\/\.{1,2}(\/|$))[/A-Za-z0-9][/A-Za-z0-9.\-_]{0,249}$/,
  dirac:
    /^(?!.*\/\.{1,2}(\/|$))(?:[/A-Za-z0-9][/A-Za-z0-9.\-_]{0,249}|(?=.{1,500}$)(?:\/[A-Za-z0-9.\-_+=,@~]+)+)$/,
};

/**
 * The scope of a logical file name of DIRAC, by the rule that DIRAC and Rucio's clients share: its
 * second part, or the first (the virtual organisation) where it has no other.
 */
export function scopeOfLfn(lfn: string): string {
  const [, organisation = '', second = ''] = lfn.split('/');
  return second === '' ? organisation : second;
}
