import { lit, lits, rows, sql } from '../../src/db/index.js';
import { isMoving } from '../../src/locks/index.js';
import { matchRses } from '../../src/rses/index.js';
import { DidType, ReplicaState } from '../../src/vocabulary/index.js';
import { denialsAtWork, invariants } from './invariants.js';
import { isWhole, type World } from './world.js';

/** Every way in which the lake is not as it should be; empty where it is. */
export async function verdict(world: World): Promise<string[]> {
  return [
    ...(await brokenInvariants(world)),
    ...(await strayLocks(world)),
    ...(await crowdedRegions(world)),
    ...(await lonelyTiers(world)),
    ...(await unserved(world)),
    ...(await wrongBytes(world)),
    ...world.losses,
  ];
}

async function brokenInvariants(world: World): Promise<string[]> {
  return await world.db.read(async (tx) => {
    const broken: string[] = [];
    for (const { says, denials } of invariants) {
      const found = await rows(tx, denials);
      if (found.length > 0) broken.push(`${says}, but: ${found.map(print).join('; ')}`);
    }
    return broken;
  });
}

/** Every way in which a step has left the catalogue as no transaction may leave it. */
export async function brokenAtWork(world: World): Promise<string[]> {
  const found = await world.db.read((tx) =>
    rows<{ says: string; fact: string }>(tx, denialsAtWork(world.now())),
  );
  return found.map(({ says, fact }) => `${says}, but: ${fact}`);
}

/** A row without what is null in it. */
const print = (row: object): string =>
  Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key} ${value instanceof Date ? value.toISOString() : String(value)}`)
    .join(', ');

/** Locks at storage elements that their rule's expression does not name, and of which nobody knows. */
async function strayLocks(world: World): Promise<string[]> {
  return await world.db.read(async (tx) => {
    const held = await rows<{ id: bigint; expression: string; rseId: number }>(
      tx,
      sql`SELECT DISTINCT u.id, u.rse_expression AS expression, l.rse_id AS "rseId"
            FROM rules u JOIN locks l ON l.rule_id = u.id
           WHERE NOT EXISTS (SELECT FROM rule_drifts g
                              WHERE g.rule_id = u.id AND g.rse_id = l.rse_id AND g.locks > 0)`,
    );
    const stray: string[] = [];
    for (const { id, expression, rseId } of held) {
      const named = await matchRses(tx, expression);
      if (named.some((rse) => rse.id === rseId)) continue;
      stray.push(`rule ${id} on ${expression} holds locks at RSE ${rseId}`);
    }
    return stray;
  });
}

/** A file of which some copy is known to have drifted, and not for being outside of an expression. */
const knownDrift = sql`EXISTS (
  SELECT FROM rule_drifts g WHERE g.rule_id = u.id AND g.rse_id = ANY (array_agg(l.rse_id)) AND g.locks > 0)`;

/**
 * Copies of a file in one region where their rule wants none to share one, and nobody knows it. One that
 * moves stays until another is OK in its place: for ever where the file is lost.
 */
async function crowdedRegions(world: World): Promise<string[]> {
  const crowded = await world.db.read((tx) =>
    rows<{ id: bigint; didId: bigint; region: string }>(
      tx,
      sql`SELECT u.id, l.did_id AS "didId", a.value AS region
            FROM rules u JOIN locks l ON l.rule_id = u.id
            JOIN rse_attributes a ON a.rse_id = l.rse_id AND a.key = 'region'
           WHERE u.constraints -> 'distinct' ? 'region' AND NOT ${isMoving(sql`l`)}
           GROUP BY u.id, l.did_id, a.value HAVING count(*) > 1 AND NOT ${knownDrift}`,
    ),
  );
  return crowded.map(
    ({ id, didId, region }) => `rule ${id} has several copies of file ${didId} in region ${region}`,
  );
}

/** Copies of a file on one tier where their rule wants one on each, and nobody knows it. */
async function lonelyTiers(world: World): Promise<string[]> {
  const lonely = await world.db.read((tx) =>
    rows<{ id: bigint; didId: bigint }>(
      tx,
      sql`SELECT u.id, l.did_id AS "didId"
            FROM rules u JOIN locks l ON l.rule_id = u.id
            JOIN rse_attributes a ON a.rse_id = l.rse_id AND a.key = 'tier'
           WHERE jsonb_array_length(u.constraints -> 'parts') = 2 AND NOT ${isMoving(sql`l`)}
           GROUP BY u.id, l.did_id
          HAVING count(*) = 2 AND count(DISTINCT a.value) = 1 AND NOT ${knownDrift}`,
    ),
  );
  return lonely.map(({ id, didId }) => `rule ${id} has both copies of file ${didId} on one tier`);
}

/** New collections that no subscription was asked about, or that one wants and nobody knows it. */
async function unserved(world: World): Promise<string[]> {
  const forgotten = await world.db.read((tx) =>
    rows<{ name: string; order: string }>(
      tx,
      sql`SELECT d.name, s.name AS order FROM dids d CROSS JOIN subscriptions s
           WHERE d.type IN (${lits([DidType.DATASET, DidType.CONTAINER])}) AND d.expired_at IS NULL
             AND (d.is_new OR d.created_at > s.created_at
               AND s.filter::text LIKE '%' || CASE d.type WHEN ${lit(DidType.DATASET)} THEN 'DATASET' ELSE 'CONTAINER' END || '%'
               AND NOT EXISTS (SELECT FROM rules r WHERE r.did_id = d.id AND r.subscription_uid = s.uid)
               AND NOT EXISTS (SELECT FROM rules_history h WHERE h.name = d.name AND h.subscription_uid = s.uid)
               AND NOT EXISTS (SELECT FROM rules r WHERE r.did_id = d.id
                                 AND strpos(s.replication_rules::text, to_json(r.rse_expression)::text) > 0)
               AND NOT EXISTS (SELECT FROM subscription_backlog b
                                WHERE b.did_id = d.id AND b.subscription_id = s.id))`,
    ),
  );
  return forgotten.map(({ name, order }) => `${name} has no rule of subscription ${order}`);
}

/**
 * What the storages hold beside what the catalogue says: an AVAILABLE copy is whole unless it was
 * damaged behind our back, and a file that has arrived once is never lost, unless its last
 * protection was ended on purpose.
 */
async function wrongBytes(world: World): Promise<string[]> {
  const copies = await world.db.read((tx) =>
    rows<{ didId: bigint; rseId: number; name: string; state: ReplicaState }>(
      tx,
      sql`SELECT d.id AS "didId", d.name, r.rse_id AS "rseId", r.state
            FROM dids d LEFT JOIN replicas r ON r.did_id = d.id WHERE d.name LIKE 'f%'`,
    ),
  );
  const wrong: string[] = [];
  for (const file of world.files) {
    const own = copies.filter(({ name }) => name === file.name);
    const at = (rseId: number) => world.lake.sites.find(({ rse }) => rse.id === rseId);
    const whole = own.filter(({ rseId }) => {
      const site = at(rseId);
      return site && isWhole(site, file);
    });
    for (const copy of own) {
      if (copy.state !== ReplicaState.AVAILABLE || whole.includes(copy) || file.damaged) continue;
      wrong.push(`${file.name} is AVAILABLE at RSE ${copy.rseId}, where its bytes are not`);
    }
    const expendable =
      world.expired.has(file.name) || own.some(({ didId }) => world.expendable.has(didId));
    const kept = file.damaged ? own.some(({ state }) => state !== null) : whole.length > 0;
    if (world.arrived.has(file.name) && !expendable && !kept) wrong.push(`${file.name} is lost`);
  }
  return wrong;
}
