import { bytesToFree } from '../daemons/reaper/free-space.js';
import { type Tx } from '../db/index.js';
import { urgentTombstone } from '../replicas/index.js';
import {
  findRse,
  listRseUsage,
  type Rse,
  rseLimits,
  rsesById,
  type RseUsage,
} from '../rses/index.js';
import { driftAt, type DriftHere } from '../rules/index.js';
import { type RseId } from '../vocabulary/index.js';
import { readTraffic, type Traffic } from './holds.js';
import {
  arrivalsAt,
  type DeletionBacklog,
  deletionBacklog,
  failuresAt,
  type RecentFailures,
  type StuckAt,
  stuckAt,
  transfersTo,
  type WaitingTransfers,
} from './rse-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { lastBeats } from './workers.js';

const HOUR_MS = 3_600_000;

/** All that is told of an RSE. */
export interface RseFacts extends Desk {
  readonly rse: Rse;
  readonly traffic: Traffic;
  readonly waiting: readonly WaitingTransfers[];
  readonly failures: readonly RecentFailures[];
  readonly arrivals: { readonly files: bigint; readonly bytes: bigint };
  readonly backlog: DeletionBacklog;
  readonly stuck: readonly StuckAt[];
  readonly usages: readonly RseUsage[];
  readonly limits: Readonly<Record<string, bigint>>;
  readonly drift: DriftHere;
  readonly sources: ReadonlyMap<RseId, Rse>;
  readonly bytesWanted: bigint;
  readonly beats: ReadonlyMap<string, Date>;
}

/** Reads them. Throws RSENotFound. */
export async function readRseFacts(tx: Tx, name: string, desk: Desk): Promise<RseFacts> {
  const rse = await findRse(tx, name);
  const hourAgo = new Date(desk.now.getTime() - HOUR_MS);
  const failures = await failuresAt(tx, rse.id, hourAgo);
  const [drift] = await driftAt(tx, rse.id);
  return {
    ...desk,
    rse,
    failures,
    traffic: await readTraffic(tx, desk.config),
    waiting: await transfersTo(tx, rse.id),
    arrivals: await arrivalsAt(tx, rse.id, hourAgo),
    backlog: await deletionBacklog(tx, rse.id, {
      now: desk.now,
      urgentUntil: urgentTombstone(desk.now),
    }),
    stuck: await stuckAt(tx, rse.id),
    usages: await listRseUsage(tx, rse.id),
    limits: (await rseLimits(tx, [rse.id])).get(rse.id) ?? {},
    drift: drift ?? { rules: 0n, locks: 0n, since: null, named: 0n },
    sources: await rsesById(tx, [...new Set(failures.flatMap(({ sourceId }) => sourceId ?? []))]),
    bytesWanted: await bytesToFree(tx, rse),
    beats: await lastBeats(tx),
  };
}
