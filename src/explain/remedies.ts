import { type RepairPolicy } from '../rules/index.js';
import { type DidName } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';

// What a person can do, each as the request that does it. A name stands in a path as clients send it.

const part = encodeURIComponent;

/** A command line's word: quoted where the shell would read more than a word. */
const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const remedy = (given: Omit<Remedy, 'body' | 'command'> & Partial<Remedy>): Remedy => ({
  body: null,
  command: null,
  ...given,
});

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
  suspend: (id: string): Remedy =>
    changing(
      id,
      { state: 'SUSPENDED' },
      {
        what: 'leave the rule alone until somebody resumes it',
        command: `rucio rule update ${id} --suspend`,
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

type RseSwitch = 'availability_read' | 'availability_write' | 'availability_delete';
const OPENED: Readonly<Record<RseSwitch, string>> = {
  availability_read: 'open for reading',
  availability_write: 'open for writing',
  availability_delete: 'allow deletions at',
};

/** What can be done with an RSE. */
export const forRse = {
  open: (rse: string, key: RseSwitch): Remedy => {
    const [verb, ...rest] = OPENED[key].split(' ');
    const what =
      key === 'availability_delete' ? `${OPENED[key]} ${rse}` : `${verb} ${rse} ${rest.join(' ')}`;
    return remedy({
      what,
      who: 'admin',
      method: 'PUT',
      path: `/rses/${part(rse)}`,
      body: { [key]: true },
      command: `rucio rse update ${rse} --key ${key} --value True`,
    });
  },
  limit: (rse: string, name: string, value: bigint): Remedy =>
    remedy({
      what: `allow more space at ${rse}`,
      who: 'admin',
      method: 'PUT',
      path: `/rses/${part(rse)}/limits`,
      body: { name, value },
      command: `rucio rse limit set ${rse} --limit ${name} ${value}`,
    }),
  attribute: (rse: string, key: string, value: string, what: string): Remedy =>
    remedy({
      what,
      who: 'admin',
      method: 'POST',
      path: `/rses/${part(rse)}/attr/${part(key)}`,
      body: { value },
      command: `rucio rse attribute set ${rse} --key ${word(key)} --value ${word(value)}`,
    }),
} as const;

/** More transfers at once by a limit of an expression. */
export const allowTransfers = (limit: {
  readonly expression: string;
  readonly activity: string | null;
  readonly direction: 'source' | 'destination';
  readonly maxTransfers: number;
}): Remedy =>
  remedy({
    what: `allow ${limit.maxTransfers} transfers at once ${limit.direction === 'source' ? 'from' : 'to'} ${limit.expression}`,
    who: 'admin',
    method: 'PUT',
    path: '/requests/transfer_limits',
    body: {
      rse_expression: limit.expression,
      activity: limit.activity ?? 'all_activities',
      direction: limit.direction.toUpperCase(),
      max_transfers: limit.maxTransfers,
    },
  });

/** More room for an account at an RSE. */
export const raiseQuota = (account: string, rse: string, bytes: bigint): Remedy =>
  remedy({
    what: `let ${account} have ${bytes} bytes at ${rse}`,
    who: 'admin',
    method: 'POST',
    path: `/accounts/${part(account)}/limits/local/${part(rse)}`,
    body: { bytes },
    command: `rucio account limit set ${account} --rse ${rse} --bytes ${bytes}`,
  });

/** Bad copies are replaced from good ones. */
export const declareBad = (
  copies: readonly (DidName & { readonly rse: string })[],
  reason: string,
): Remedy =>
  remedy({
    what: `declare ${copies.length === 1 ? 'the copy' : 'these copies'} bad: good ones take their place`,
    who: 'admin',
    method: 'POST',
    path: '/replicas/bad',
    body: { reason, force: true, replicas: copies },
  });

/** A collection goes on without files that nobody can bring back. */
export const detach = (parent: DidName, files: readonly DidName[]): Remedy =>
  remedy({
    what: `give up ${files.length === 1 ? 'the file' : 'these files'}: take ${files.length === 1 ? 'it' : 'them'} out of ${parent.scope}:${parent.name}`,
    who: 'owner',
    method: 'DELETE',
    path: `/dids/${part(parent.scope)}/${part(parent.name)}/dids`,
    body: { dids: files },
    command: `rucio did content remove --from-did ${parent.scope}:${parent.name} ${files.map(({ scope, name }) => `${scope}:${name}`).join(' ')}`,
  });

/** One more rule on a DID. */
export const addRule = (did: DidName, rseExpression: string, what: string): Remedy =>
  remedy({
    what,
    who: 'owner',
    method: 'POST',
    path: '/rules',
    body: {
      dids: [{ scope: did.scope, name: did.name }],
      copies: 1,
      rse_expression: rseExpression,
    },
    command: `rucio rule add ${did.scope}:${did.name} --copies 1 --rses ${word(rseExpression)}`,
  });

/** An upload has ended well. */
export const sayThere = ({ rse, ...file }: DidName & { readonly rse: string }): Remedy =>
  remedy({
    what: 'say that it is there, if it is',
    who: 'owner',
    method: 'PUT',
    path: '/replicas',
    body: { rse, files: [{ ...file, state: 'A' }] },
  });

/** A copy may go at once. */
export const letGo = (copy: DidName & { readonly rse: string }): Remedy =>
  remedy({
    what: 'let the copy be deleted now',
    who: 'admin',
    method: 'POST',
    path: '/replicas/tombstone',
    body: { replicas: [copy] },
    command: `rucio-admin replicas set-tombstone ${copy.scope}:${copy.name} --rse ${copy.rse}`,
  });

/** A DID's end, or none. */
export const expireDid = (did: DidName, lifetime: number | null, what: string): Remedy =>
  remedy({
    what,
    who: 'owner',
    method: 'POST',
    path: `/dids/${part(did.scope)}/${part(did.name)}/meta/lifetime`,
    body: { value: lifetime },
    command:
      lifetime === null
        ? `rucio did remove --undo ${did.scope}:${did.name}`
        : `rucio did metadata set ${did.scope}:${did.name} --key lifetime --value ${lifetime}`,
  });
