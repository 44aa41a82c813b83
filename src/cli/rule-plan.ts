import { type Command } from 'commander';
import { type PlanAnswer } from './plan-answer.js';
import { asksService, openService, parseDid, type ServiceOptions, UsageError } from './service.js';
import { showPlan } from './show-plan.js';

/** What `sluice rule plan` takes besides the service's options. */
export interface RulePlanOptions extends ServiceOptions {
  readonly copies?: string;
  readonly rseExpression?: string;
  readonly phases?: string;
  readonly grouping?: string;
  readonly weight?: string;
  readonly lifetime?: string;
  readonly sourceRseExpression?: string;
  readonly activity?: string;
  readonly owner?: string;
  readonly askApproval?: boolean;
  readonly ignoreAvailability?: boolean;
  readonly rseLeaves?: string;
  readonly subscription?: string;
}

/** Adds `plan` to the verbs about rules. */
export function addRulePlan(rule: Command): void {
  asksService(
    rule
      .command('plan')
      .description('what a rule would come to: where to, why, how much, how long; writes nothing')
      .argument('[dids...]', 'SCOPE:NAME of each DID')
      .option('--copies <n>', 'how many copies (default: 1)')
      .option('--rses, --rse-expression <expression>', 'where to')
      .option('--phases <json>', 'one thing after the other: [{"for": "30d", …}, {…}]')
      .option('--grouping <grouping>', 'what stays together: ALL, DATASET (default) or NONE')
      .option('--weight <attribute>', 'the attribute of RSEs that says their shares')
      .option('--lifetime <seconds>', 'how long the rule would last')
      .option('--source-rses, --source-rse-expression <expression>', 'where from')
      .option('--activity <name>', 'what the transfers are for')
      .option('--owner <account>', 'the account of the rule (default: who asks)')
      .option('--ask-approval', 'a rule that waits for approval')
      .option('--ignore-availability', 'RSEs that cannot be written now count too')
      .option('--subscription <account/name>', 'instead of a rule: those of a subscription')
      .option('--rse-leaves <rse>', 'instead of a rule: where the copies of an RSE would go'),
  ).action(runRulePlan);
}

/** `sluice rule plan`: asks and prints. The exit code is 1 where it cannot be done. */
export async function runRulePlan(
  dids: readonly string[],
  options: RulePlanOptions,
): Promise<void> {
  const body = bodyOf(dids, options);
  const service = await openService(options);
  const answer = await service.post<PlanAnswer>('/rules/plan', body);
  console.log(options.json ? answer.text : showPlan(answer.body).join('\n'));
  if (!answer.body.feasible) process.exitCode = 1;
}

/** Throws UsageError. */
function bodyOf(dids: readonly string[], options: RulePlanOptions): object {
  if (options.rseLeaves !== undefined) {
    if (dids.length > 0)
      throw new UsageError('--rse-leaves is about every rule there: name no DID');
    return { rse_leaves: options.rseLeaves };
  }
  if (options.subscription !== undefined) {
    const [, account, name] = /^([^/]+)\/(.+)$/.exec(options.subscription) ?? [];
    if (name === undefined || dids.length > 0) {
      throw new UsageError('--subscription takes ACCOUNT/NAME, and no DIDs');
    }
    return { subscription: { account, name } };
  }
  if (dids.length === 0) throw new UsageError('Name a DID (SCOPE:NAME), or an RSE by --rse-leaves');
  const { rseExpression, copies } = options;
  const phases = options.phases === undefined ? undefined : jsonOf('--phases', options.phases);
  if (rseExpression === undefined && phases === undefined) {
    throw new UsageError('Where to? Give --rses');
  }
  const given = {
    account: options.owner,
    grouping: options.grouping?.toUpperCase(),
    weight: options.weight,
    lifetime:
      options.lifetime === undefined ? undefined : wholeNumber('--lifetime', options.lifetime),
    source_replica_expression: options.sourceRseExpression,
    activity: options.activity,
    ask_approval: options.askApproval,
    ignore_availability: options.ignoreAvailability,
  };
  return {
    dids: dids.map(parseDid),
    copies:
      copies === undefined && phases !== undefined
        ? undefined
        : wholeNumber('--copies', copies ?? copiesIn(rseExpression ?? '')),
    rse_expression: rseExpression,
    phases,
    ...given,
  };
}

function jsonOf(option: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${option} takes JSON, not '${text}'`);
  }
}

/** A placement in its short form says them: `type=DISK:2;type=TAPE:1`. */
function copiesIn(expression: string): string {
  const counts = [...expression.matchAll(/:(\d{1,7})(?=;|$)/g)].map(([, count]) => Number(count));
  return String(counts.length === 0 ? 1 : counts.reduce((sum, count) => sum + count, 0));
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`${option} takes a whole number, not '${text}'`);
  return Number(text);
}
