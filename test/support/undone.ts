import { type Database, type Tx } from '../../src/db/index.js';

class Undone extends Error {}

/** What work comes to, or who refuses it. Nothing of it stays. */
export async function undone<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T | Error> {
  let found: { readonly value: T } | undefined;
  const error: unknown = await db
    .tx(async (tx) => {
      found = { value: await work(tx) };
      throw new Undone();
    })
    .catch((reason: unknown) => reason);
  return error instanceof Undone && found ? found.value : (error as Error);
}
