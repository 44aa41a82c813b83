import { Readable } from 'node:stream';
import { createLog } from '../../src/log/index.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { Movements } from '../../src/daemons/conveyor/movements.js';
import { conveyorPoller } from '../../src/daemons/conveyor/poller.js';
import { conveyorSubmitter } from '../../src/daemons/conveyor/submitter.js';
import { rescuer } from '../../src/daemons/rescuer.js';
import { type Reconciler, type Shift, type Tally } from '../../src/daemons/runtime/index.js';
import { type Database, only, rows, sql } from '../../src/db/index.js';
import {
  digestOf,
  memoryStorage,
  type MemoryStorage,
  StorageRegistry,
} from '../../src/protocols/index.js';
import { registerFiles } from '../../src/replicas/index.js';
import { addProtocol, findRse, pathOf, setDistance } from '../../src/rses/index.js';
import { streamTool } from '../../src/transfertools/index.js';
import { adler32ToInt4 } from '../../src/vocabulary/index.js';
import { type Court, court, type RseOptions } from './judge.js';

const EVERYTHING = {
  read: 1,
  write: 1,
  delete: 1,
  third_party_copy_read: 1,
  third_party_copy_write: 1,
};

/** One process of the conveyor: its daemons share what they have begun. */
export interface Crew {
  readonly worker: string;
  readonly submitter: Reconciler;
  readonly poller: Reconciler;
  readonly finisher: Reconciler;
  shift(daemon: Reconciler): Promise<Tally>;
  /** Every movement that was begun is over. */
  moved(): Promise<void>;
  stop(): Promise<void>;
}

/** What the history keeps of an attempt. */
export interface Attempt {
  readonly name: string;
  readonly source: string | null;
  readonly destination: string;
  readonly state: string;
  readonly attempt: number;
  readonly cause: string | null;
  readonly error: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly bytesMoved: bigint | null;
}

/** A court whose RSEs are memory storages, and the conveyor between them. */
export interface Harbour extends Court {
  /** An RSE at a memory storage of its own, reached by `protocols` (default: memory). */
  quay(name: string, options?: RseOptions & { readonly scheme?: string | null }): Promise<number>;
  storage(rse: string): MemoryStorage;
  /** A file with this content: its bytes at these RSEs, true to the catalogue. */
  file(name: string, content: string, ...rses: string[]): Promise<void>;
  /** What stands at the file's place, as text. */
  content(rse: string, name: string): string | undefined;
  /** Puts other bytes at the file's place than the catalogue knows. */
  damage(rse: string, name: string, content: string): void;
  distance(source: string, destination: string, distance: number): Promise<void>;
  crew(worker: string): Crew;
  /** Submitter, tools, poller, finisher and rescuer, again and again until nothing is due now. */
  settle(crew?: Crew): Promise<void>;
  /** Attempts that are over, oldest first. */
  history(): Promise<Attempt[]>;
  stuck(): Promise<{ copy: string; cause: string; error: string | null; attempts: number }[]>;
}

let harbours = 0;

/** Storages of one spec are its own: hostnames are global in this process. */
export async function harbour(db: Database): Promise<Harbour> {
  const ground = await court(db);
  const id = `${process.pid}-${(harbours += 1)}`;
  const hostname = (rse: string) => `${rse.toLowerCase()}-${id}`;
  const storages = new StorageRegistry({ allowPrivate: true, attemptsMax: 1 });
  const place = (name: string) => `/data/${pathOf('hash', ground.scope, name)}`;
  const storage = (rse: string) => memoryStorage(hostname(rse));

  const self: Harbour = Object.assign(ground, {
    storage,
    async quay(
      name: string,
      { scheme = 'memory', ...options }: Parameters<Harbour['quay']>[1] = {},
    ) {
      const rseId = await ground.rse(name, options);
      if (scheme === null) return rseId;
      await db.tx(async (tx) =>
        addProtocol(tx, await findRse(tx, name), {
          scheme,
          hostname: hostname(name),
          port: 0,
          prefix: '/data/',
          impl: 'memory',
          domains: { lan: EVERYTHING, wan: EVERYTHING },
          extendedAttributes: null,
        }),
      );
      return rseId;
    },
    async file(name: string, content: string, ...rses: string[]) {
      const { bytes, adler32 } = await digestOf(Readable.from([Buffer.from(content)]));
      for (const rse of rses) {
        storage(rse).put(place(name), content);
        await db.tx(async (tx) =>
          registerFiles(tx, {
            accountId: ground.accountId,
            rse: await findRse(tx, rse),
            files: [{ scope: ground.scope, name, bytes, adler32: adler32ToInt4(adler32) }],
            now: self.now,
          }),
        );
      }
    },
    content: (rse: string, name: string) => storage(rse).get(place(name))?.toString(),
    damage: (rse: string, name: string, content: string) => storage(rse).put(place(name), content),
    distance: (source: string, destination: string, distance: number) =>
      db.tx(async (tx) =>
        setDistance(
          tx,
          {
            source: await findRse(tx, source),
            destination: await findRse(tx, destination),
            bidirectional: false,
          },
          distance,
        ),
      ),
    crew: (worker: string) => crewOf(self, worker, storages),
    async settle(crew = self.crew('settler')) {
      const daemons = [crew.submitter, crew.poller, crew.finisher, rescuer(self.config)];
      for (let seen = 1; seen > 0;) {
        seen = 0;
        for (const daemon of daemons) {
          seen += (await crew.shift(daemon)).seen;
          await crew.moved();
        }
      }
    },
    history: () =>
      db.read((tx) =>
        rows<Attempt>(
          tx,
          sql`SELECT d.name, s.name AS source, e.name AS destination, h.state, h.attempt, h.cause, h.error,
                     h.expected, h.found, h.bytes_moved AS "bytesMoved"
                FROM requests_history h JOIN dids d ON d.id = h.did_id JOIN rses e ON e.id = h.rse_id
                LEFT JOIN rses s ON s.id = h.source_rse_id ORDER BY h.id, h.attempt`,
        ),
      ),
    stuck: () =>
      db.read((tx) =>
        rows<{ copy: string; cause: string; error: string | null; attempts: number }>(
          tx,
          sql`SELECT d.name || '@' || e.name AS copy, s.cause, s.error, s.attempts
                FROM stuck_locks s JOIN dids d ON d.id = s.did_id JOIN rses e ON e.id = s.rse_id ORDER BY 1`,
        ),
      ),
  });
  return self;
}

function crewOf(harbour: Harbour, worker: string, storages: StorageRegistry): Crew {
  const { requests } = harbour.config;
  const tool = streamTool(storages, { ...requests, stallMs: 60_000 });
  const movements = new Movements(() => [{ tool, from: 'read', to: 'write' }]);
  const shiftOf = (): Shift => ({
    db: harbour.db,
    worker,
    batch: 1000,
    now: harbour.now,
    log: createLog('silent'),
    signal: new AbortController().signal,
  });
  const poller = conveyorPoller(harbour.config, movements);
  return {
    worker,
    submitter: conveyorSubmitter(harbour.config, movements),
    poller,
    finisher: conveyorFinisher(harbour.config),
    shift: (daemon) => daemon.reconcile(shiftOf()),
    moved: () => tool.settled(),
    stop: async () => poller.stop?.(shiftOf()),
  };
}

/** How many rows of a table there are. */
export const count = async (
  db: Database,
  table: 'requests' | 'requests_history',
): Promise<number> =>
  (
    await db.read((tx) =>
      only<{ n: number }>(
        tx,
        table === 'requests'
          ? sql`SELECT count(*)::int AS n FROM requests`
          : sql`SELECT count(*)::int AS n FROM requests_history`,
      ),
    )
  ).n;
