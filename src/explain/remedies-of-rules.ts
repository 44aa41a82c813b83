import { type RepairPolicy } from '../rules/index.js';
import { type Remedy } from './explanation.js';
import { remedy, word } from './remedy.js';

/** An option of `PUT rules/{id}`. */
const changing = (
  id: string,
  options: object,
  more: Pick<Remedy, 'what'> & Partial<Remedy>,
): Remedy =>
  remedy({ who: 'owner', method: 'PUT', path: `/rules/${id}`, body: { options }, ...more });

/** What can be done with the rule of a wire id. */
export const forRule = {
  tryAgain: (id: string): Remedy =>
    changing(
      id,
      { boost_rule: true },
      {
        what: 'try the stuck files again now',
        command: `rucio rule update ${id} --boost-rule`,
      },
    ),
  resume: (id: string): Remedy =>
    changing(
      id,
      { state: 'STUCK' },
      {
        what: 'resume the rule: the judge repairs it from where it is',
        command: `rucio rule update ${id} --stuck`,
      },
    ),
  stayInPhase: (id: string): Remedy =>
    changing(id, { phases: null }, { what: 'stay in this phase: those after it are dropped' }),
  approve: (id: string): Remedy =>
    changing(id, { approve: true }, { what: 'approve the rule', who: 'admin' }),
  deny: (id: string): Remedy =>
    changing(
      id,
      { approve: false, comment: 'why not' },
      { what: 'deny the rule: it is gone, the comment stays in its history', who: 'admin' },
    ),
  keepForEver: (id: string): Remedy =>
    changing(
      id,
      { lifetime: null },
      {
        what: 'take the end back: the rule has none any more',
        command: `rucio rule update ${id} --lifetime None`,
      },
    ),
  detachChild: (id: string): Remedy =>
    changing(
      id,
      { child_rule_id: null },
      {
        what: 'keep this rule: it does not wait for its child any more, and does not end',
        command: `rucio rule update ${id} --child-rule-id None`,
      },
    ),
  unlock: (id: string): Remedy =>
    changing(
      id,
      { locked: false },
      {
        what: 'unlock the rule, so that it can end',
        command: `rucio rule update ${id} --locked False`,
      },
    ),
  hurry: (id: string, priority: number): Remedy =>
    changing(
      id,
      { priority },
      {
        what: 'put its requests before those of a lower priority',
        command: `rucio rule update ${id} --priority ${priority}`,
      },
    ),
  anySource: (id: string): Remedy =>
    changing(
      id,
      { source_replica_expression: null },
      {
        what: 'let it take copies from anywhere',
        command: `rucio rule update ${id} --source-rses None`,
      },
    ),
  moveTo: (id: string, expression: string, what: string): Remedy =>
    remedy({
      what,
      who: 'owner',
      method: 'POST',
      path: `/rules/${id}/move`,
      body: { rse_expression: expression },
      command: `rucio rule move ${id} --rses ${word(expression)}`,
    }),
  restore: (id: string): Remedy =>
    remedy({
      what: 'bring the rule back, while its copies stand',
      who: 'owner',
      method: 'POST',
      path: `/rules/${id}/restore`,
      body: {},
      command: `sluice rule restore ${id}`,
    }),
  /** The rest of its policy stays as it is. */
  placeAnew: (id: string, policy: RepairPolicy | null): Remedy =>
    changing(
      id,
      {
        repair: {
          ...(policy && {
            on_stuck: policy.onStuck,
            attempts: policy.attempts,
            after: policy.afterSeconds,
          }),
          drift: 'replace',
        },
      },
      { what: 'place the drifted copies anew: new ones first, the old ones go when those are OK' },
    ),
  end: (id: string): Remedy =>
    remedy({
      what: 'give the rule up',
      who: 'owner',
      method: 'DELETE',
      path: `/rules/${id}`,
      body: {},
      command: `rucio rule remove ${id}`,
    }),
} as const;
