import { type Command } from 'commander';
import {
  asksService,
  openService,
  type Service,
  type ServiceOptions,
  UsageError,
} from './service.js';
import {
  type BackfillAnswer,
  type MatchAnswer,
  type PlanOfBackfill,
  showBackfill,
  showBackfillPlan,
  showMatches,
  showTasks,
  type TaskAnswer,
} from './show-subscription.js';

interface BackfillOptions extends ServiceOptions {
  readonly perMinute?: string;
  readonly again?: boolean;
  readonly list?: boolean;
  readonly state?: string;
}

/** Adds the verbs about standing orders: what a backfill would come to, begin and steer one, tasks. */
export function addSubscriptionVerbs(subscription: Command): void {
  verb(subscription, 'plan', 'what a backfill would come to; writes nothing')
    .option('--again', 'DIDs whose rules have ended count too')
    .option('--list', 'every DID that matches')
    .action(runPlan);
  verb(subscription, 'backfill', 'begin to serve the DIDs that were there before')
    .option('--per-minute <n>', 'DIDs a minute')
    .option('--again', 'DIDs whose rules have ended too')
    .action(runBackfill);
  verb(subscription, 'show', 'how far its backfill is').action(runShow);
  verb(subscription, 'pause', 'stop its backfill for now').action(steer('PAUSED'));
  verb(subscription, 'resume', 'let its backfill go on')
    .option('--per-minute <n>', 'DIDs a minute from now on')
    .action(steer('RUNNING'));
  verb(subscription, 'cancel', 'end its backfill; what was made stays').action(steer('CANCELLED'));
  verb(subscription, 'tasks', 'its tasks, where it notifies')
    .option('--state <state>', 'only those: WAITING, NEW, ASSIGNED, RUNNING, DONE, FAILED')
    .action(runTasks);
}

const verb = (subscription: Command, name: string, description: string): Command =>
  asksService(
    subscription
      .command(name)
      .description(description)
      .argument('<subscription>', 'ACCOUNT/NAME of the subscription'),
  );

/** The subscription's place in the API. Throws UsageError. */
function pathOf(text: string): string {
  const at = text.indexOf('/');
  if (at < 1 || at === text.length - 1) {
    throw new UsageError(`'${text}' is no subscription: write ACCOUNT/NAME`);
  }
  const [account, name] = [text.slice(0, at), text.slice(at + 1)];
  return `/subscriptions/${encodeURIComponent(account)}/${encodeURIComponent(name)}`;
}

function rateOf({ perMinute }: BackfillOptions): object {
  if (perMinute === undefined) return {};
  if (!/^[1-9]\d{0,5}$/.test(perMinute)) {
    throw new UsageError(`--per-minute takes a whole number from 1 to 100000, not '${perMinute}'`);
  }
  return { per_minute: Number(perMinute) };
}

type Ask<T> = (
  service: Service,
  path: string,
) => Promise<{ readonly body: T; readonly text: string }>;

async function print<T>(
  subscription: string,
  options: ServiceOptions,
  ask: Ask<T>,
  show: (body: T) => readonly string[],
): Promise<void> {
  const path = pathOf(subscription);
  const { body, text } = await ask(await openService(options), path);
  console.log(options.json ? text.trimEnd() : show(body).join('\n'));
}

/** `sluice subscription plan`. */
export async function runPlan(subscription: string, options: BackfillOptions): Promise<void> {
  const again = options.again ?? false;
  if (options.list) {
    const query = again ? '?again=true' : '';
    await print<readonly MatchAnswer[]>(
      subscription,
      options,
      (service, path) => service.get(`${path}/matches${query}`),
      showMatches,
    );
    return;
  }
  await print<PlanOfBackfill>(
    subscription,
    options,
    (service, path) => service.post(`${path}/backfill`, { dry_run: true, again }),
    showBackfillPlan,
  );
}

/** `sluice subscription backfill`. */
export async function runBackfill(subscription: string, options: BackfillOptions): Promise<void> {
  const body = { ...rateOf(options), again: options.again ?? false };
  await print<BackfillAnswer>(
    subscription,
    options,
    (service, path) => service.post(`${path}/backfill`, body),
    showBackfill,
  );
}

/** `sluice subscription show`. */
export const runShow = (subscription: string, options: ServiceOptions): Promise<void> =>
  print<BackfillAnswer>(
    subscription,
    options,
    (service, path) => service.get(`${path}/backfill`),
    showBackfill,
  );

/** `sluice subscription pause`, `resume` and `cancel`. */
export const steer =
  (state: 'PAUSED' | 'RUNNING' | 'CANCELLED') =>
  async (subscription: string, options: BackfillOptions): Promise<void> => {
    const body = { state, ...rateOf(options) };
    await print<BackfillAnswer>(
      subscription,
      options,
      (service, path) => service.put(`${path}/backfill`, body),
      showBackfill,
    );
  };

/** `sluice subscription tasks`. */
export async function runTasks(subscription: string, options: BackfillOptions): Promise<void> {
  const query = options.state === undefined ? '' : `?state=${encodeURIComponent(options.state)}`;
  await print<readonly TaskAnswer[]>(
    subscription,
    options,
    (service, path) => service.get(`${path}/tasks${query}`),
    showTasks,
  );
}
