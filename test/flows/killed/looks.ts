import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { type Database, lit, rows, sql, type Sql } from '../../../src/db/index.js';
import { checks, doctorTerms, lookOver } from '../../../src/doctor/index.js';
import {
  BackfillState,
  JobState,
  LockState,
  ReplicaState,
  RuleState,
} from '../../../src/vocabulary/index.js';
import { contentOf, type KilledLake, placeOf, RSES } from './lake.js';
import { DATASETS } from './orders.js';

const texts = async (db: Database, statement: Sql): Promise<string[]> => {
  const found = await db.read((tx) => rows<{ text: string }>(tx, statement));
  return found.map(({ text }) => text);
};

/** What is still to be done, by number. */
export const undone = (db: Database): Promise<string[]> =>
  texts(
    db,
    sql`SELECT what || ' ' || count(*) AS text FROM (
      SELECT 'evaluation' AS what FROM updated_dids
      UNION ALL SELECT 'new' FROM dids WHERE is_new
      UNION ALL SELECT 'expired DID' FROM dids WHERE expired_at < now()
      UNION ALL SELECT 'rule ' || state::text FROM rules
                 WHERE state <> ${lit(RuleState.OK)} OR expires_at IS NOT NULL
      UNION ALL SELECT 'phase' FROM rules WHERE phase_look_at IS NOT NULL
      UNION ALL SELECT 'move' FROM lock_moves
      UNION ALL SELECT 'request ' || state::text FROM requests
      UNION ALL SELECT 'copy to delete' FROM replicas WHERE tombstone IS NOT NULL
      UNION ALL SELECT 'copy ' || state::text FROM replicas WHERE state <> ${lit(ReplicaState.AVAILABLE)}
      UNION ALL SELECT 'backlog' FROM subscription_backlog
      UNION ALL SELECT 'backfill' FROM subscription_backfills WHERE state <> ${lit(BackfillState.DONE)}
      UNION ALL SELECT 'group' FROM subscription_tasks WHERE number IS NULL
      UNION ALL SELECT 'job ' || step || ' ' || state::text FROM jobs
                 WHERE state <> ${lit(JobState.DONE)}) w
      GROUP BY what ORDER BY 1`,
  );

/** Everything that the doctor finds wrong while nobody is at work. */
export async function complaints(db: Database): Promise<string[]> {
  const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
  const now = new Date();
  const terms = { ...doctorTerms(config, now), since: now, atRest: true, repair: false };
  const found: string[] = [];
  for (const check of checks) {
    const report = await lookOver(db, check, { ...terms, clock: () => now });
    found.push(...report.examples.map(({ subject, fact }) => `${check.name}: ${subject}: ${fact}`));
  }
  return found;
}

/** Rules that hold other than as many whole copies as they want of each file below their DID. */
export const unkept = (db: Database): Promise<string[]> =>
  texts(
    db,
    sql`WITH RECURSIVE below (rule_id, did_id) AS (
          SELECT r.id, r.did_id FROM rules r
          UNION SELECT b.rule_id, c.child_id FROM below b JOIN contents c ON c.parent_id = b.did_id)
        SELECT 'rule on ' || e.name || ' (' || r.rse_expression || ') wants ' || r.copies
               || ' of ' || d.name || ' and has ' || count(v.did_id) AS text
          FROM rules r JOIN below b ON b.rule_id = r.id JOIN dids d ON d.id = b.did_id
          JOIN dids e ON e.id = r.did_id
          LEFT JOIN locks l ON l.rule_id = r.id AND l.did_id = d.id AND l.state = ${lit(LockState.OK)}
          LEFT JOIN replicas v ON v.did_id = l.did_id AND v.rse_id = l.rse_id
               AND v.state = ${lit(ReplicaState.AVAILABLE)}
         WHERE NOT EXISTS (SELECT FROM contents c WHERE c.parent_id = d.id)
         GROUP BY r.id, e.name, d.id HAVING count(v.did_id) <> r.copies ORDER BY 1`,
  );

/** The temporary name that a movement writes, and the place that it is for. */
const TEMPORARY = /^(.*)\.sluice-[0-9a-f]{16}$/;

/**
 * Where the bytes are others than the catalogue says: missing, spoilt, or unknown to it. What a process
 * that was killed had begun to write stays where nobody wants that copy any more (docs/faults.md).
 */
export async function wrongBytes(db: Database, lake: KilledLake): Promise<string[]> {
  const wrong: string[] = [];
  for (const rse of RSES) {
    const storage = lake.storages.get(rse);
    const there = new Set(((await storage?.list()) ?? []).map((path) => `/${path}`));
    const known = new Map((await copiesAt(db, rse)).map((file) => [placeOf(file), file]));
    for (const [place, file] of known) {
      if (!there.delete(place)) wrong.push(`${file} is not at ${rse}`);
      else if (readFileSync(join(storage?.root ?? '', place), 'utf8') !== contentOf(file)) {
        wrong.push(`${file} has other bytes at ${rse}`);
      }
    }
    for (const path of there) {
      const meant = TEMPORARY.exec(path)?.[1];
      if (meant === undefined || known.has(meant)) wrong.push(`nobody knows of ${path} at ${rse}`);
    }
  }
  return wrong;
}

const copiesAt = (db: Database, rse: string): Promise<string[]> =>
  texts(
    db,
    sql`SELECT d.name AS text FROM replicas v JOIN dids d ON d.id = v.did_id
          JOIN rses e ON e.id = v.rse_id WHERE e.name = ${rse}`,
  );

/** What was made for a story, and how often. */
export const made = async (db: Database, story: string): Promise<string[]> =>
  texts(
    db,
    sql`
    SELECT s.name || ' rules ' || count(*) || ' on ' || count(DISTINCT r.did_id) AS text
      FROM rules r JOIN subscriptions s ON s.uid = r.subscription_uid
     WHERE s.name LIKE ${`${story}-%`} GROUP BY s.name
    UNION ALL
    SELECT s.name || ' tasks of ' || sum(t.dids) || ', without gaps '
           || (max(t.number) = count(*))::text || ', each told once '
           || (count(*) = (SELECT count(*) FROM messages m
                WHERE m.event_type = 'SUBSCRIPTION_TASK' AND m.payload ->> 'subscription' = s.name))::text
      FROM subscription_tasks t JOIN subscriptions s ON s.id = t.subscription_id
     WHERE s.name LIKE ${`${story}-%`} GROUP BY s.name
    UNION ALL
    SELECT 'job rules ' || count(*) || ' on ' || count(DISTINCT r.did_id)
      FROM rules r JOIN job_items i ON i.rule_id = r.id JOIN dids d ON d.id = r.did_id
     WHERE d.name LIKE ${`${story}.run%`}
    ORDER BY 1`,
  );

/** What is to be made for it: everything once. */
export const once = (story: string): string[] => [
  `job rules ${DATASETS} on ${DATASETS}`,
  `${story}-older rules ${DATASETS} on ${DATASETS}`,
  // How many: a group is closed when it is full, or has waited for long enough.
  `${story}-told tasks of ${DATASETS}, without gaps true, each told once true`,
];
