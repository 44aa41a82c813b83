import { describe, expect, it } from '@jest/globals';
import { line, roomOf, sources } from './sources.js';

const place = (room: string) => (line as readonly string[]).indexOf(room);

describe('the line of rooms', () => {
  it('imports only rooms that stand before', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((target) => target.startsWith('src/') && place(roomOf(path)) >= 0)
        .filter((target) => roomOf(target) !== roomOf(path) && place(roomOf(target)) >= 0)
        .filter((target) => place(roomOf(target)) > place(roomOf(path)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('enters another room through its index only', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((target) => target.startsWith('src/') && place(roomOf(target)) >= 0)
        .filter((target) => roomOf(target) !== roomOf(path))
        .filter((target) => !/^src\/[^/]+\/([a-z-]+\/)?index\.ts$/.test(target))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('never looks up from a room to what stands above the line', () => {
    const above = ['policy', 'explain', 'api', 'daemons', 'cli', 'demo'];
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((target) => place(roomOf(path)) >= 0 && target.startsWith('src/'))
        .filter((target) => above.includes(roomOf(target)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycle, type imports included', () => {
    const graph = new Map(
      sources.map(({ path, imports }) => [path, imports.filter((name) => name.startsWith('src/'))]),
    );
    expect(findCycle(graph)).toEqual([]);
  });
});

/** The first cycle found, as a list of paths, or an empty list. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of graph.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const path of graph.keys()) {
    const cycle = walk(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
