import { lit, lits, sql, type Sql } from '../db/index.js';
import { countLocksAnew, placeRulesAnew } from '../rules/index.js';
import { DidType, LockState, RuleGrouping, RuleState } from '../vocabulary/index.js';
import { type Check, denials, type DoctorTerms, type Walk } from './check.js';
import { holdTheRules, rulesOf } from './holds.js';

const { INJECT, OK, REPLICATING, STUCK } = RuleState;
const theRule = { key: sql`u.id`, did: sql`u.did_id`, rule: sql`u.id`, account: sql`u.account_id` };

/** A rule has some hundred locks, or a million: a few at a time. */
const rules: Walk = { table: sql`rules`, key: sql`id`, weight: 500 };

const count = (state: LockState): Sql => sql`count(*) FILTER (WHERE l.state = ${lit(state)})`;

const ruleCounters: Check = {
  name: 'rule-counters',
  says: 'a rule counts its locks by state',
  remedy: 'the locks are counted again, and the state follows',
  derived: true,
  walk: rules,
  denials: (within) =>
    denials(
      {
        ...theRule,
        fact: sql`format('counts %s OK, %s replicating, %s stuck; has %s, %s, %s',
                    u.locks_ok, u.locks_replicating, u.locks_stuck, c.ok, c.replicating, c.stuck)`,
      },
      sql`rules u CROSS JOIN LATERAL (
            SELECT ${count(LockState.OK)} AS ok, ${count(LockState.REPLICATING)} AS replicating,
                   ${count(LockState.STUCK)} AS stuck FROM locks l WHERE l.rule_id = u.id) c
          WHERE ${within(sql`u.id`)}
            AND (u.locks_ok, u.locks_replicating, u.locks_stuck) IS DISTINCT FROM (c.ok, c.replicating, c.stuck)`,
    ),
  hold: holdTheRules,
  mend: (tx, found, { now }) => countLocksAnew(tx, rulesOf(found), now),
};

/** A rule that ends is not placed any more. */
const lives = ({ now }: DoctorTerms): Sql =>
  sql`(u.expires_at IS NULL OR u.expires_at > ${now}::timestamptz)`;

const expected = sql`CASE WHEN u.locks_stuck > 0 OR u.inject_at IS NOT NULL THEN ${lit(STUCK)}
  WHEN u.locks_replicating > 0 THEN ${lit(REPLICATING)} ELSE ${lit(OK)} END`;

const ruleState: Check = {
  name: 'rule-state',
  says: "a rule's state follows its locks, and a stuck one is looked at again",
  remedy: 'the state follows; what is stuck is repaired at once',
  derived: true,
  walk: rules,
  // One that somebody set STUCK by hand is what its locks are after the next look.
  denials: (within, terms) =>
    denials(
      {
        ...theRule,
        fact: sql`CASE WHEN u.state = ${expected} THEN 'is stuck, and nobody would ever look at it'
                       ELSE format('is %s with %s OK, %s replicating, %s stuck', u.state,
                                   u.locks_ok, u.locks_replicating, u.locks_stuck) END`,
      },
      sql`rules u WHERE ${within(sql`u.id`)} AND u.state IN (${lits([OK, REPLICATING, STUCK])})
            AND (${terms.atRest ?? false}::boolean OR ${lives(terms)})
            AND (u.state = ${lit(STUCK)} AND u.repair_at IS NULL
              OR u.state <> ${expected}
                 AND (${terms.atRest ?? false}::boolean OR u.state <> ${lit(STUCK)} OR u.repair_at IS NULL))`,
    ),
  hold: holdTheRules,
  mend: (tx, found, { now }) => countLocksAnew(tx, rulesOf(found), now),
};

/** (id, type) of the rule's DID and the collections below it. */
const tree = sql`
  WITH RECURSIVE tree(id, type) AS (
    SELECT x.id, x.type FROM dids x WHERE x.id = u.did_id
    UNION
    SELECT x.id, x.type FROM tree t JOIN contents ct ON ct.parent_id = t.id JOIN dids x ON x.id = ct.child_id
     WHERE t.type = ${lit(DidType.CONTAINER)})`;

const ruleLocks: Check = {
  name: 'rule-locks',
  says: 'a placed rule has its locks on every file below its DID, and on nothing else',
  remedy: 'locks on other files go, guarded; the injector makes those that are missing',
  walk: rules,
  // Where content has changed the evaluator comes first; a stuck rule is completed by the repairer; a
  // file whose lock moves has the new one first.
  denials: (within, terms) =>
    denials(
      {
        ...theRule,
        fact: sql`concat_ws('; ',
          CASE WHEN c.lacking > 0 THEN format('%s of %s files have fewer than %s locks', c.lacking, c.files, u.copies) END,
          CASE WHEN c.beyond > 0 THEN format('%s files have more', c.beyond) END,
          CASE WHEN c.outside > 0 THEN format('%s files with locks are not below its DID', c.outside) END)`,
      },
      sql`rules u JOIN dids top ON top.id = u.did_id CROSS JOIN LATERAL (
            SELECT count(b.did_id) AS files,
                   count(*) FILTER (WHERE b.did_id IS NOT NULL AND coalesce(h.locks, 0) < u.copies) AS lacking,
                   count(*) FILTER (WHERE b.did_id IS NOT NULL AND h.locks > u.copies
                     AND NOT EXISTS (SELECT FROM lock_moves v WHERE v.did_id = b.did_id AND v.rule_id = u.id)
                     AND NOT (u.did_grouping = ${lit(RuleGrouping.DATASET)} AND top.type = ${lit(DidType.CONTAINER)})) AS beyond,
                   count(*) FILTER (WHERE b.did_id IS NULL) AS outside
              FROM (${tree}
                    SELECT ct.child_id AS did_id FROM tree t JOIN contents ct ON ct.parent_id = t.id
                     WHERE t.type = ${lit(DidType.DATASET)}
                    UNION SELECT id FROM tree WHERE type = ${lit(DidType.FILE)}) b
              FULL JOIN (SELECT l.did_id, count(*) AS locks FROM locks l WHERE l.rule_id = u.id GROUP BY l.did_id) h
                ON h.did_id = b.did_id) c
          WHERE ${within(sql`u.id`)} AND u.inject_at IS NULL
            AND u.state IN (${lits(terms.atRest ? [OK, REPLICATING, STUCK] : [OK, REPLICATING])})
            AND (${terms.atRest ?? false}::boolean OR ${lives(terms)})
            AND c.lacking + c.beyond + c.outside > 0
            AND NOT EXISTS (${tree} SELECT FROM tree t JOIN updated_dids e ON e.did_id = t.id)`,
    ),
  hold: holdTheRules,
  mend: (tx, found, terms) => placeRulesAnew(tx, rulesOf(found), terms),
};

const ruleForgotten: Check = {
  name: 'rule-forgotten',
  says: 'a rule that is due is placed within a day',
  remedy:
    'it is placed from the beginning, passing over what it has; see that a judge-injector runs',
  walk: rules,
  denials: (within, terms) =>
    denials(
      {
        ...theRule,
        fact: sql`format('was to be placed at %s; last seen to go on at %s', u.inject_at, u.updated_at)`,
      },
      sql`rules u WHERE ${within(sql`u.id`)} AND u.state = ${lit(INJECT)}
            AND u.updated_at <= ${terms.since}::timestamptz
            AND (u.inject_at IS NULL OR u.inject_at <= ${terms.since}::timestamptz)
            AND (u.expires_at IS NULL OR u.expires_at > ${terms.now}::timestamptz + interval '5 minutes')`,
    ),
  hold: holdTheRules,
  mend: (tx, found, terms) => placeRulesAnew(tx, rulesOf(found), terms),
};

/** What should be true. */
export const ruleChecks: readonly Check[] = [ruleCounters, ruleState, ruleLocks, ruleForgotten];
