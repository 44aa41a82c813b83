import { once } from 'node:events';

/** Ends the keeper of the specs' PostgreSQL and waits until nothing of it is left. */
export default async function globalTeardown() {
  const keeper = globalThis.sluiceTestCluster;
  if (keeper.exitCode !== null) return;
  keeper.ref();
  keeper.stdin.end();
  await once(keeper, 'exit');
}
