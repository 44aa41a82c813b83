import { type Meta, metadataOf, setMetadata } from '../../src/metadata/index.js';
import { type Lake } from '../support/lake.js';

export const NOW = new Date('2026-11-21T12:00:00Z');

/** What is done with the metadata of a lake's DIDs, by their names. */
export const metadataCalls = (lake: () => Lake) => ({
  set: async (changes: Readonly<Record<string, Meta>>, recursive = false): Promise<void> => {
    const a = lake();
    const told = await Promise.all(
      Object.entries(changes).map(async ([name, meta]) => ({ did: await a.did(name), meta })),
    );
    await a.db.tx((tx) => setMetadata(tx, told, { recursive, now: NOW }));
  },
  /** Built-in and own metadata in one. */
  read: async (name: string, inherit = false): Promise<Meta> => {
    const a = lake();
    const did = await a.did(name);
    const [found] = await a.db.read((tx) => metadataOf(tx, [did], { plugin: 'ALL', inherit }));
    return { ...found?.did.description, ...found?.own };
  },
});

/** By which error work is refused. */
export const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
