import { type DemoStorage } from './storage/index.js';
import { type Stage } from './progress.js';
import { type Run } from './raw-data.js';
import { type RestClient } from './rest-client.js';

/** Everything the chapters of the story share. */
export interface World {
  readonly url: string;
  readonly scope: string;
  readonly stage: Stage;
  readonly storages: ReadonlyMap<string, DemoStorage>;
  readonly caPem: string;
  readonly runs: readonly Run[];
  readonly people: People;
}

/** Who plays: an administrator, the filter that writes raw data, a data manager, a scientist. */
export interface People {
  readonly root: RestClient;
  readonly online: RestClient;
  readonly manager: RestClient;
  readonly scientist: RestClient;
}

/** A rule as the wire shows it, as far as the story looks. */
export interface RuleView {
  readonly id: string;
  readonly state: string;
  readonly name: string;
  readonly rse_expression: string;
  readonly locks_ok_cnt: number;
  readonly locks_replicating_cnt: number;
  readonly locks_stuck_cnt: number;
}

/** A file's replicas as the wire shows them. */
export interface ReplicaView {
  readonly scope: string;
  readonly name: string;
  readonly bytes: number;
  readonly adler32: string;
  readonly pfns: Readonly<Record<string, { rse: string }>>;
  readonly states: Readonly<Record<string, string>>;
}

export const ruleView = (world: World, id: string): Promise<RuleView> =>
  world.people.manager.json('GET', `/rules/${id}`);

/** Adds one rule for one DID; gives its id. */
export async function addRule(
  who: RestClient,
  did: { scope: string; name: string },
  spec: { copies: number; rse_expression: string; lifetime?: number | null; comment: string },
): Promise<string> {
  const ids = await who.json<string[]>('POST', '/rules', {
    dids: [did],
    account: who.account,
    grouping: 'DATASET',
    ...spec,
  });
  if (ids[0] === undefined) throw new Error('a rule without an id');
  return ids[0];
}

/** The locks of these rules that are OK so far. */
export async function locksOk(world: World, rules: readonly string[]): Promise<number> {
  const views = await Promise.all(rules.map((id) => ruleView(world, id)));
  return views.reduce((sum, view) => sum + (view.state === 'OK' ? view.locks_ok_cnt : 0), 0);
}

/** Where the files of these DIDs are. `all` also shows copies that are not available. */
export const replicasOf = (
  world: World,
  names: readonly string[],
  all = false,
): Promise<ReplicaView[]> =>
  world.people.scientist.lines('POST', '/replicas/list', {
    dids: names.map((name) => ({ scope: world.scope, name })),
    all_states: all,
    schemes: ['https'],
  });
