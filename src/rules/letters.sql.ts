import { addressesOf, adminAddresses } from '../accounts/index.js';
import { execute, sql, type Sql, type Tx } from '../db/index.js';
import { EventType, hex, tell, tellFrom } from '../messages/index.js';
import { type Rse } from '../rses/index.js';
import { type RuleId, wireId } from '../vocabulary/index.js';
import { type Rule } from './rule.js';

// Letters to owners and approvers of rules, where Rucio writes them: events of the type `email`, with
// its keys (to, subject, body). Accounts without an address are told nothing.

/** `scope:name` and what is wanted of it, over the aliases r (a rule) and d (its DID). */
const wished: Sql = sql`(d.scope || ':' || d.name || E'\nCopies: ' || r.copies || E'\nRSE expression: '
  || r.rse_expression || coalesce(E'\nComment: ' || r.comments, ''))`;

/**
 * Payloads of letters to the owners of rules that are OK. `rules` is FROM and WHERE over the aliases
 * r and d.
 */
export const okLetters = (rules: Sql): Sql => sql`
  SELECT jsonb_build_object(
           'to', jsonb_build_array(o.email),
           'subject', 'Replication rule ' || ${hex(sql`r.uid`)} || ' is OK',
           'body', E'All copies of the replication rule are there.\n\nRule: ' || ${hex(sql`r.uid`)}
                   || E'\nDID: ' || ${wished}) AS payload
    FROM (SELECT id, email FROM accounts WHERE email <> '') o
    JOIN (SELECT r.id AS rule_id, r.account_id FROM ${rules}) k ON k.account_id = o.id
    JOIN rules r ON r.id = k.rule_id JOIN dids d ON d.id = r.did_id`;

/** Rules that wait for approval, and the RSE that they are about. */
export interface WaitingRules {
  readonly ids: readonly RuleId[];
  readonly rse: Rse | undefined;
}

/**
 * Rules wait for approval: those are told whom the RSE names in its attribute `rule_approvers`
 * (accounts, with commas between them), else all admins.
 */
export async function askApprovers(tx: Tx, waiting: readonly WaitingRules[]): Promise<void> {
  const some = waiting.filter(({ ids }) => ids.length > 0);
  if (some.length === 0) return;
  const approvers = await approversOf(
    tx,
    some.map(({ rse }) => rse),
  );
  const asked = some.flatMap(({ ids }, at) => {
    const to = approvers[at] ?? [];
    return to.length === 0 ? [] : ids.map((id) => ({ id, to: JSON.stringify(to) }));
  });
  if (asked.length === 0) return;
  await execute(
    tx,
    tellFrom(
      EventType.EMAIL,
      sql`SELECT jsonb_build_object(
                   'to', i.receivers,
                   'subject', 'Request to approve replication rule ' || ${hex(sql`r.uid`)},
                   'body', 'The account ' || a.name || E' asks for a replication rule.\n\nRule: '
                           || ${hex(sql`r.uid`)} || E'\nDID: ' || ${wished}
                           || E'\n\nApprove or deny it: rucio-admin rule approve or deny, or PUT /rules/'
                           || ${hex(sql`r.uid`)} || ' with {"options": {"approve": true}}.') AS payload
            FROM unnest(${asked.map(({ id }) => id)}::bigint[], ${asked.map(({ to }) => to)}::jsonb[])
                   AS i(rule_id, receivers)
            JOIN rules r ON r.id = i.rule_id JOIN dids d ON d.id = r.did_id
            JOIN accounts a ON a.id = r.account_id
           ORDER BY r.id`,
    ),
  );
}

/** The addresses of those who approve rules on each of these RSEs. */
async function approversOf(tx: Tx, rses: readonly (Rse | undefined)[]): Promise<string[][]> {
  const named = rses.map((rse) =>
    (rse?.attributes['rule_approvers'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  const addresses = await addressesOf(tx, [...new Set(named.flat())]);
  const found = named.map((names) =>
    [...addresses].flatMap(([name, address]) => (names.includes(name) ? [address] : [])),
  );
  const admins = found.some(({ length }) => length === 0) ? await adminAddresses(tx) : [];
  return found.map((own) => (own.length > 0 ? own : admins));
}

/** What somebody decided about a rule that waited for approval. */
export interface RuleDecision {
  readonly approved: boolean;
  /** The account that decided. */
  readonly by: string;
  readonly comment: string | null;
}

/** The owner of a rule is told whether it was approved, and the other approvers that they need not. */
export async function tellDecision(
  tx: Tx,
  rule: Rule,
  { approved, by, comment }: RuleDecision,
  rse: Rse | undefined,
): Promise<void> {
  const id = wireId(rule.uid);
  const verdict = approved ? 'approved' : 'denied';
  const body = [
    `The replication rule ${id} of account ${rule.account} was ${verdict} by ${by}.`,
    '',
    `DID: ${rule.scope}:${rule.name}`,
    `Copies: ${rule.copies}`,
    `RSE expression: ${rule.rseExpression}`,
    ...(comment === null ? [] : [`Comment: ${comment}`]),
  ].join('\n');
  const owner = [...(await addressesOf(tx, [rule.account])).values()];
  const [approvers = []] = await approversOf(tx, [rse]);
  const others = approvers.filter((address) => !owner.includes(address));
  await tell(
    tx,
    EventType.EMAIL,
    [
      { to: owner, subject: `Replication rule ${id} has been ${verdict}`, body },
      { to: others, subject: `Re: Request to approve replication rule ${id}`, body },
    ].filter(({ to }) => to.length > 0),
  );
}
