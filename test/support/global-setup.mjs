import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Begins to start the one PostgreSQL of this run and does not wait for it: pure specs run at once,
 * and testDatabase() waits where a database is needed. The pipe to the keeper ends with jest in
 * whatever way jest ends.
 */
export default function globalSetup() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const keeper = spawn(
    process.execPath,
    ['--import', here('register-typescript.mjs'), here('cluster.ts'), directory],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  keeper.unref();
  keeper.stdin.unref();
  globalThis.sluiceTestCluster = keeper;
  process.env['TEST_CLUSTER_DIRECTORY'] = directory;
}
