import { type Tx } from '../../db/index.js';
import { InvalidType } from '../../errors/index.js';
import { matchTexts, parsePattern } from '../../metadata/index.js';
import { listSettings } from '../../settings/index.js';

/** How long the rules of files and directories last, in seconds; null is for ever. */
export interface Lifetimes {
  readonly files: number | null;
  /** By the scope of a directory. */
  readonly directories: ReadonlyMap<string, number>;
}

const MAX = 3_155_760_000;

const wrong = (option: string, what: string): InvalidType =>
  new InvalidType(`The setting dirac.${option} must be ${what}`, { section: 'dirac', option });

/**
 * The settings `dirac.file_lifetime` (seconds) and `dirac.lifetime` (a JSON object of seconds by scope,
 * or by an expression that a scope begins with; the scope itself wins, then the first that fits), for
 * directories of these scopes. Throws InvalidType for settings that are not so.
 */
export async function lifetimesFor(tx: Tx, scopes: Iterable<string>): Promise<Lifetimes> {
  const settings = await listSettings(tx, 'dirac');
  const textOf = (name: string) => settings.find(({ option }) => option === name)?.value;
  const files = textOf('file_lifetime');
  return {
    files: files === undefined ? null : secondsOf('file_lifetime', Number(files || 'x')),
    directories: await byScope(tx, readLifetimes(textOf('lifetime') ?? '{}'), new Set(scopes)),
  };
}

function secondsOf(option: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= MAX) return value;
  throw wrong(option, 'a number of seconds above 0');
}

function readLifetimes(json: string): [scope: string, seconds: number][] {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    throw wrong('lifetime', 'a JSON object of seconds by scope');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrong('lifetime', 'a JSON object of seconds by scope');
  }
  return Object.entries(given).map(([scope, value]) => [scope, secondsOf('lifetime', value)]);
}

async function byScope(
  tx: Tx,
  lifetimes: readonly [scope: string, seconds: number][],
  scopes: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const found = new Map(lifetimes.filter(([scope]) => scopes.has(scope)));
  for (const [expression, seconds] of lifetimes) {
    const open = [...scopes].filter((scope) => !found.has(scope));
    if (open.length === 0) break;
    const pattern = parsePattern(expression, 'dirac.lifetime');
    const fitting =
      pattern.kind === 'prefix'
        ? open.filter((scope) => scope.startsWith(pattern.text))
        : await matchTexts(tx, pattern.regex, open);
    for (const scope of fitting) found.set(scope, seconds);
  }
  return found;
}
