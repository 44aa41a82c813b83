import { beforeAll, describe, expect, it } from '@jest/globals';
import { measureServer } from '../../bench/compare/measure.js';
import { type ServerRun } from '../../bench/compare/results.js';
import { compare } from '../../bench/compare/table.js';

describe('the comparison through the published client, in small', () => {
  let run: ServerRun;

  // The client itself looks at every answer: it exits in failure when one is wrong.
  beforeAll(async () => {
    run = await measureServer('sluice', { files: 100, calls: 2, repetitions: 1, idle: 0.1 });
  });

  it('measures every path', () => {
    const repetitions = Object.values(run.paths).map((path) => path.repetitions.length);
    expect(repetitions).toEqual(Array<number>(14).fill(1));
  });

  it('counts the CPU of Node and of PostgreSQL', () => {
    const parts = Object.values(run.paths).flatMap((path) => path.repetitions);
    for (const part of ['node', 'postgres']) {
      expect(parts.reduce((sum, { server }) => sum + (server[part] ?? 0), 0)).toBeGreaterThan(0);
      expect(run.memory.after[part]).toBeGreaterThan(1);
    }
  });

  it('is once as fast as itself', () => {
    const table = compare(run, { ...run, name: 'rucio' });
    expect(table).toMatch(/^\| list_files, 100 files \(a file\) \|.*\| ~?1 \|/m);
  });

  it('compares nothing that was measured otherwise', () => {
    const more = { ...run.sizes, files: 200 };
    expect(() => compare(run, { ...run, name: 'rucio', sizes: more })).toThrow(
      'not measured alike',
    );
  });
});
