import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { type StorageServer } from '../site/storage-server.js';
import { content, FaultLake, type Place, SHORT_TIMES } from './fault-lake.js';
import { since, tell } from './telling.js';

const MIB = 1024 * 1024;

/** A file system of 8 MiB of our own; false where nobody lets us mount one. */
function mounted(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('a disk that is full', () => {
  let lake: FaultLake;
  let source: Place;
  let small: StorageServer;
  let disk: string;
  let mayMount = false;

  beforeAll(async () => {
    lake = await FaultLake.open({ ...SHORT_TIMES });
    disk = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
    chmodSync(disk, 0o755);
    mayMount = mounted(disk);
    if (!mayMount) return;
    const shore = await lake.xrootd('shore');
    small = await lake.xrootd('small', { dataDir: disk });
    source = await lake.place(shore, 'SHORE');
  });
  afterAll(async () => {
    await lake?.close();
    if (mayMount) execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it.each([
    ['through Sluice', false],
    ['by third-party copy', true],
  ])(
    'is told, nothing of the file stays, and it comes when there is room: %s',
    async (_, pulls) => {
      if (!mayMount) {
        process.stdout.write('  fault: a full disk | not tried: this user may not mount a tmpfs\n');
        return;
      }
      const story = pulls ? 'FULL-PULL' : 'FULL-STREAM';
      const target = await lake.place(small, story, { pulls });
      const files = { [`${story}.1`]: content(3 * MIB) };
      await lake.files(story, source, files);
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(6 * MIB));
      const rule = await lake.rule(story, target);
      const trouble = await eventually('a cause', async () => {
        const found = await lake.trouble(rule);
        return found?.cause ? found : undefined;
      });
      expect(trouble).toMatchObject({ cause: 'DEST_FULL' });
      await eventually('nothing of it stays', () => lake.standing(target).length === 0);
      truncateSync(ballast, 0);
      const ended = performance.now();
      await lake.satisfied([rule]);
      const recoveredMs = since(ended);
      await lake.expectWhole(source, target, rule, files);
      const causes = await lake.causes(source, target);
      expect(new Set(causes)).toEqual(new Set(['DEST_FULL']));
      tell({ fault: `a full disk (${story})`, causes, recoveredMs });
      rmSync(lake.path(target, `${story}.1`));
    },
  );
});
