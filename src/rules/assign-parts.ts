/**
 * The part that each place is for, no part with more places than it has copies; undefined if there is
 * no way. By augmenting paths (Kuhn), in the order of the places. Pure and deterministic.
 */
export function assignParts(
  places: readonly { readonly parts: readonly number[] }[],
  copies: readonly number[],
): readonly number[] | undefined {
  const members: number[][] = copies.map(() => []);
  const host = (at: number, tried: Set<number>): boolean => {
    for (const part of places[at]?.parts ?? []) {
      const those = members[part];
      if (!those || tried.has(part)) continue;
      tried.add(part);
      if (those.length < (copies[part] ?? 0)) return those.push(at) > 0;
      const moved = those.findIndex((other) => host(other, tried));
      if (moved < 0) continue;
      those[moved] = at;
      return true;
    }
    return false;
  };
  if (!places.every((_, at) => host(at, new Set()))) return undefined;
  const assigned = places.map(() => -1);
  members.forEach((those, part) => those.forEach((at) => (assigned[at] = part)));
  return assigned;
}
