/** What is judged, and by what. */
export const STAGES = ['demo', 'site', 'specs'] as const;
export type Stage = (typeof STAGES)[number];

export interface RunOptions {
  /** Also what takes more than a few seconds. */
  readonly slow: boolean;
  /** Every command of the command lines, and the page about them. */
  readonly full: boolean;
  readonly stages: readonly Stage[];
  /** For pytest (and jest, if only its stage was asked for). */
  readonly rest: readonly string[];
}

/**
 * `[--slow] [--full] [--only demo|site|specs] [arguments of pytest or jest]`. Arguments are pytest's,
 * so that the specs are left out with them, unless only the specs were asked for. Throws RangeError
 * for an unknown stage.
 */
export function parseOptions(args: readonly string[]): RunOptions {
  const slow = args.includes('--slow');
  const full = args.includes('--full');
  const rest = args.filter((arg) => arg !== '--slow' && arg !== '--full');
  const at = rest.indexOf('--only');
  if (at < 0) return { slow, full, stages: rest.length > 0 ? ['demo', 'site'] : STAGES, rest };
  const [, name] = rest.splice(at, 2);
  const stage = STAGES.find((each) => each === name);
  if (stage === undefined) throw new RangeError(`--only takes ${STAGES.join(', ')}`);
  return { slow, full, stages: [stage], rest };
}
