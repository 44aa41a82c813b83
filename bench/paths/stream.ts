import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../src/demo/certificates.js';
import { startNginx } from '../../test/interop/site/nginx.js';
import { type StorageServer } from '../../test/interop/site/storage-server.js';
import { processCpuMs } from '../cpu.js';
import { type Path, peakMemory } from '../path.js';
import { fillFile } from '../storage/large-file.js';
import { type CopierReport, type CopyOrder } from '../storage/copier.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** A process that copies, the product's way or bare; its memory is its own. */
class Copier {
  readonly #child: ChildProcess = fork('bench/storage/copier.ts', {
    execArgv: ['--import', './test/support/register-typescript.mjs'],
  });

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects with what the copy failed of. */
  async copy(order: CopyOrder): Promise<void> {
    this.#child.send(order);
    const [report] = (await once(this.#child, 'message')) as [CopierReport];
    if (report.error !== undefined) throw new Error(report.error);
  }

  close(): void {
    this.#child.disconnect();
  }
}

/** One file through this machine, hashed and compared, beside a pipe without a hash. */
export function streamed(gib: number): Path {
  const bytes = gib * GIB;
  let root = '';
  let servers: StorageServer[] = [];
  let copier: Copier;
  let order: Omit<CopyOrder, 'hashed' | 'path'>;
  const times = { hashed: Infinity, bare: Infinity };
  let cpuMs = 0;
  const copy = async (hashed: boolean, round: number) => {
    const started = performance.now();
    const before = processCpuMs(copier.pid);
    const path = `${hashed ? 'hashed' : 'bare'}${round}`;
    await copier.copy({ ...order, hashed, path });
    const ms = performance.now() - started;
    if (hashed) cpuMs = processCpuMs(copier.pid) - before;
    const kind = hashed ? 'hashed' : 'bare';
    times[kind] = Math.min(times[kind], ms);
    rmSync(join(servers[1]?.dataDir ?? '', path));
  };
  return {
    name: `stream, one file of ${gib} GiB`,
    item: 'MiB',
    items: bytes / MIB,
    repetitions: 2,
    unavailable: () =>
      spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error === undefined
        ? undefined
        : 'no nginx here: apt-get install nginx-light libnginx-mod-http-dav-ext',
    async prepare() {
      root = mkdtempSync(join(tmpdir(), 'sluice-bench-stream-'));
      const authority = await makeAuthority('bench');
      servers = [
        await startNginx({ root, name: 'source', authority }),
        await startNginx({ root, name: 'destination', authority }),
      ];
      const [source, destination] = servers.map(({ port }) => port) as [number, number];
      const adler32 = fillFile(join(servers[0]?.dataDir ?? '', 'file'), bytes);
      order = { caPem: authority.certificate, source, destination, bytes: String(bytes), adler32 };
      copier = new Copier();
    },
    run: (_, round) => copy(true, round),
    floor: (_, round) => copy(false, round),
    figures: () =>
      Promise.resolve([
        { name: 'rate', value: (bytes / MIB / times.hashed) * 1000, unit: 'MiB/s' },
        {
          name: 'rate by that of the pipe without a hash',
          value: (100 * times.bare) / times.hashed,
          unit: '%',
          atLeast: 85,
        },
        { name: 'CPU of the copying process', value: cpuMs / (bytes / GIB), unit: 'ms a GiB' },
        peakMemory(copier.pid),
      ]),
    async after() {
      copier.close();
      await Promise.all(servers.map((server) => server.remove()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
