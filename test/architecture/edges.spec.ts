import { describe, expect, it } from '@jest/globals';
import { codeOf, roomOf, rooms, type Source, sources } from './sources.js';

const offenders = (wrong: (source: Source) => boolean) =>
  sources.filter(wrong).map(({ path }) => path);

const EDGES = /^src\/(api\/|daemons\/runtime\/|db\/|config\/|[a-z.]+\.ts$)/;

describe('the edges of the house', () => {
  it('keeps Nest at the edges', () => {
    expect(
      offenders(
        ({ path, imports }) =>
          !EDGES.test(path) && imports.some((name) => name.startsWith('@nestjs/')),
      ),
    ).toEqual([]);
  });

  it('lets no room, policy or daemon speak HTTP', () => {
    const inside = (path: string) =>
      [...rooms, 'policy', 'daemons', 'vocabulary', 'errors'].includes(roomOf(path));
    const speaks = /\b(HttpStatus|statusCode|Content-Type|X-Rucio-[A-Z]|application\/json)\b/;
    const packages = /^(axios|fastify|node:https?|@nestjs\/platform)/;
    expect(
      offenders(
        (source) =>
          inside(source.path) &&
          (speaks.test(codeOf(source)) || source.imports.some((name) => packages.test(name))),
      ),
    ).toEqual([]);
  });

  it('gives protocols, transfer tools and sinks values only: no database, no room', () => {
    const forbidden = ['db', 'api', 'daemons', 'policy', ...rooms];
    expect(
      offenders(
        ({ path, imports }) =>
          ['protocols', 'transfertools', 'sinks'].includes(roomOf(path)) &&
          imports.some((target) => target.startsWith('src/') && forbidden.includes(roomOf(target))),
      ),
    ).toEqual([]);
  });

  it('reads the environment and YAML in src/config only', () => {
    expect(
      offenders(
        (source) =>
          roomOf(source.path) !== 'config' &&
          (/process\.env/.test(codeOf(source)) || source.imports.includes('yaml')),
      ),
    ).toEqual([]);
  });

  it('never lets a daemon import another one', () => {
    const daemonOf = (path: string) =>
      /^src\/daemons\/([^/]+)/.exec(path)?.[1]?.replace(/\.ts$/, '');
    expect(
      offenders(({ path, imports }) => {
        const own = daemonOf(path);
        if (own === undefined || own === 'index' || own === 'runtime') return false;
        return imports.some((target) => ![undefined, own, 'runtime'].includes(daemonOf(target)));
      }),
    ).toEqual([]);
  });
});
