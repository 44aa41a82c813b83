import { type Command } from 'commander';
import { asksService, openService, type ServiceOptions, UsageError } from './service.js';

/** What `sluice rule restore` takes besides the service's options. */
export interface RuleRestoreOptions extends ServiceOptions {
  readonly copyAgain?: boolean;
  readonly lifetime?: string;
}

/** A rule as the service answers, as far as it is told here. */
interface RestoredRule {
  readonly id: string;
  readonly scope: string;
  readonly name: string;
  readonly state: string;
  readonly rse_expression: string;
  readonly locks_ok_cnt: number;
  readonly locks_replicating_cnt: number;
  readonly locks_stuck_cnt: number;
}

/** Adds `restore` to the verbs about rules. */
export function addRuleRestore(rule: Command): void {
  asksService(
    rule
      .command('restore')
      .description('a deleted rule stands again, while its copies do')
      .argument('<id>', 'the id of the rule')
      .option('--copy-again', 'copies that are gone are made anew from others')
      .option('--lifetime <seconds>', 'how long it lasts (default: for ever)'),
  ).action(runRuleRestore);
}

/** `sluice rule restore`: asks, and says how the rule stands. Throws Refusal with what is missing. */
export async function runRuleRestore(id: string, options: RuleRestoreOptions): Promise<void> {
  const lifetime = secondsOf(options.lifetime);
  const service = await openService(options);
  const path = `/rules/${encodeURIComponent(id)}/restore`;
  const answer = await service.post<RestoredRule>(path, {
    lifetime,
    copy_again: options.copyAgain === true,
  });
  console.log(options.json ? answer.text : sentenceOf(answer.body));
}

/** Throws UsageError. */
function secondsOf(lifetime: string | undefined): number | null {
  if (lifetime === undefined) return null;
  const seconds = Number(lifetime);
  if (lifetime.trim() === '' || !Number.isFinite(seconds)) {
    throw new UsageError(`--lifetime takes a number of seconds, not '${lifetime}'`);
  }
  return seconds;
}

function sentenceOf(rule: RestoredRule): string {
  const counts = [
    `${rule.locks_ok_cnt} of its copies there`,
    ...(rule.locks_replicating_cnt > 0 ? [`${rule.locks_replicating_cnt} on their way`] : []),
    ...(rule.locks_stuck_cnt > 0 ? [`${rule.locks_stuck_cnt} stuck`] : []),
  ].join(', ');
  const placing = rule.state === 'INJECT' ? 'being placed' : counts;
  return `Rule ${rule.id} on ${rule.scope}:${rule.name} stands again at ${rule.rse_expression}: ${rule.state}, ${placing}.`;
}
