import { type Ancestry } from '../../replicas/index.js';
import { type DidId } from '../../vocabulary/index.js';

/**
 * Everything above each file as `scope:name`: a parent, then what is above it, then the next parent;
 * each once. Clients find by it which of the DIDs that they asked for a file belongs to.
 */
export function ancestorNames(
  steps: readonly Ancestry[],
  files: readonly DidId[],
): Map<DidId, string[]> {
  const parents = new Map<DidId, Ancestry[]>();
  for (const step of steps) {
    const known = parents.get(step.childId);
    if (known) known.push(step);
    else parents.set(step.childId, [step]);
  }
  return new Map(
    files.map((file) => {
      const names = new Map<DidId, string>();
      const climb = (id: DidId): void => {
        for (const { parentId, scope, name } of parents.get(id) ?? []) {
          if (names.has(parentId)) continue;
          names.set(parentId, `${scope}:${name}`);
          climb(parentId);
        }
      };
      climb(file);
      return [file, [...names.values()]];
    }),
  );
}
