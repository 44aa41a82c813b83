import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compare } from '../../scripts/golden/compare.mjs';
import { names, owed } from '../../scripts/golden/differences.mjs';
import { type Answer, type Exchange } from '../../scripts/golden/exchange.mjs';
import { Replay } from '../../scripts/golden/replay.mjs';
import { ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';

interface Chapter {
  chapter: string;
  exchanges: (Exchange & { answer: Answer })[];
}

const wire = new URL('wire/', import.meta.url);
const chapters = readdirSync(wire)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(new URL(name, wire), 'utf8')) as Chapter);

/** One story, told in order to one fresh server: later requests speak of what earlier ones made. */
describe('the story that was told to a real Rucio', () => {
  let api: TestApi;
  let replay: Replay;

  beforeAll(async () => {
    api = await startApi();
    replay = new Replay({ url: api.url, username: 'root', password: ROOT_PASSWORD });
  });
  afterAll(async () => {
    await api.close();
  });

  for (const { chapter, exchanges } of chapters) {
    describe(chapter, () => {
      for (const exchange of exchanges) {
        it(exchange.title, async () => {
          const { answer } = owed({ ...exchange, chapter });
          expect(compare(answer, await replay.play(exchange))).toEqual([]);
        });
      }
    });
  }
});

describe('the deliberate differences', () => {
  const quirks = fileURLToPath(new URL('../../src/api/wire/quirks.md', import.meta.url));

  it.each(names)('%s has its reason in quirks.md', (name) => {
    expect(readFileSync(quirks, 'utf8')).toContain(name);
  });

  it.each(names)('%s still applies to something in the story', (name) => {
    const applied = chapters.flatMap(({ chapter, exchanges }) =>
      exchanges.filter((exchange) => owed({ ...exchange, chapter }).differences.includes(name)),
    );
    expect(applied.length).toBeGreaterThan(0);
  });
});
