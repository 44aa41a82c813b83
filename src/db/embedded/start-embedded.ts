import { setTimeout as pause } from 'node:timers/promises';
import { realpath } from 'node:fs/promises';
import type pg from 'pg';
import { prepareBinaries } from './binaries.js';
import { databaseUrl, holdCluster, provideDatabase } from './hold-cluster.js';
import { initialiseCluster } from './initialise-cluster.js';
import { layoutOf, prepareLayout } from './layout.js';
import { operatingUser } from './operating-user.js';
import { readPassword } from './passwords.js';
import { findPostmaster, stopPostmaster } from './postmaster.js';
import { ensureServer, type ServerSpec } from './run-server.js';
import { DEFAULT_TUNING, type EmbeddedTuning } from './server-settings.js';

/** What the supervisor tells; pino's logger fits. */
export interface EmbeddedLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface EmbeddedSpec {
  /** The state directory; made if it is missing. */
  readonly stateDir: string;
  readonly log?: EmbeddedLog;
  readonly tuning?: Partial<EmbeddedTuning>;
}

/** A running cluster that this process supervises. */
export interface EmbeddedDatabase {
  /** For node-postgres: `postgres://sluice:…@/sluice?host=<directory of the socket>`. */
  readonly url: string;
  /** The server's process; changes when the server was killed and came back. */
  readonly pid: number;
  /** Stops the server (fast shutdown) and waits for its end. Calling it again is harmless. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL of a state directory, making cluster, role and database the first
 * time; takes over a server whose supervisor was killed. While this process lives, a server that
 * dies is started again. When this process is killed, the server runs on and is taken over by the
 * next start.
 *
 * @throws {EmbeddedDatabaseInUse} when another process supervises it; that one is not disturbed.
 * @throws {EmbeddedDatabaseError} when it cannot run here; the message says what would help.
 * @throws {StateDirectoryError} when the state directory cannot be ours.
 */
export async function startEmbedded(spec: EmbeddedSpec): Promise<EmbeddedDatabase> {
  const user = await operatingUser();
  const layout = await prepareLayout(spec.stateDir, user);
  const binaries = await prepareBinaries(layout.home, user);
  const superuser = await initialiseCluster(layout, binaries, user);
  const tuning = { ...DEFAULT_TUNING, ...spec.tuning };
  const supervisor = new Supervisor({ layout, binaries, user, tuning }, superuser, spec.log);
  await supervisor.start();
  return supervisor;
}

/** The cluster of a state directory if it runs, whoever supervises it: to connect, never to stop. */
export async function findEmbedded(
  stateDir: string,
): Promise<{ url: string; pid: number } | undefined> {
  const layout = layoutOf(await realpath(stateDir).catch(() => stateDir));
  const running = await findPostmaster(layout);
  const password = running?.ready ? await readPassword(layout.password) : undefined;
  if (!running || password === undefined) return undefined;
  return { url: databaseUrl(layout, password), pid: running.pid };
}

const RETRY_MS = { first: 200, max: 30_000 };

class Supervisor implements EmbeddedDatabase {
  url = '';
  pid = 0;
  /** Present exactly while we hold the cluster; only then may we stop its server. */
  private session: pg.Client | undefined;
  private readonly stopping = new AbortController();
  private stopped: Promise<void> | undefined;
  private reviving: Promise<void> | undefined;

  constructor(
    private readonly server: ServerSpec,
    private readonly superuserPassword: string,
    private readonly log: EmbeddedLog | undefined,
  ) {}

  async start(): Promise<void> {
    const { layout } = this.server;
    const { pid, started } = await ensureServer(this.server);
    const session = await holdCluster(layout, this.superuserPassword);
    try {
      this.url = await provideDatabase(session, layout);
    } catch (error) {
      await session.end().catch(() => undefined);
      throw error;
    }
    this.pid = pid;
    this.session = session;
    session.once('end', () => this.lost());
    const facts = { pid, directory: layout.dataDir };
    this.log?.info(facts, started ? 'PostgreSQL started' : 'PostgreSQL was running: taken over');
  }

  /** The session ended: by our stop, or because the server died or ended all its sessions. */
  private lost(): void {
    this.session = undefined;
    if (!this.stopping.signal.aborted) this.reviving = this.revive();
  }

  private async revive(): Promise<void> {
    const { signal } = this.stopping;
    this.log?.warn({ pid: this.pid }, 'PostgreSQL is gone: starting it again');
    for (
      let waitMs = RETRY_MS.first;
      !signal.aborted;
      waitMs = Math.min(waitMs * 2, RETRY_MS.max)
    ) {
      try {
        return await this.start();
      } catch (error) {
        this.log?.warn({ error }, 'PostgreSQL does not start');
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  stop(): Promise<void> {
    this.stopping.abort();
    return (this.stopped ??= this.stopOnce());
  }

  private async stopOnce(): Promise<void> {
    await this.reviving;
    const { session } = this;
    if (!session) return;
    // The lock is held to the end: nobody may take over a server that is about to stop.
    await stopPostmaster(this.pid, this.server.layout.dataDir);
    await session.end().catch(() => undefined);
    this.log?.info({ pid: this.pid }, 'PostgreSQL stopped');
  }
}
