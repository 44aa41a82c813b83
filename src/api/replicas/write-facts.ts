import { localLimits, type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { AccessDenied, ResourceTemporaryUnavailable } from '../../errors/index.js';
import {
  demand,
  type May,
  mayIgnoreAvailability,
  mayNameFiles,
  mayRegisterReplicas,
  type WriterFacts,
} from '../../policy/index.js';
import { type Rse } from '../../rses/index.js';
import { demandOpen, existingScopes, isClosed } from '../../scopes/index.js';
import { type DidName } from '../../vocabulary/index.js';

/** What the caller's right to write at the RSE turns on. */
export async function writerFacts(tx: Tx, caller: Principal, rse: Rse): Promise<WriterFacts> {
  const limits = caller.isAdmin ? undefined : await localLimits(tx, caller.accountId);
  return { rse: rse.name, localLimit: limits?.get(rse.id) };
}

/** Throws AccessDenied unless the caller may register copies at the RSE, or what else `may` says. */
export async function demandWriter(
  tx: Tx,
  caller: Principal,
  rse: Rse,
  may: May<[facts: WriterFacts]> = mayRegisterReplicas,
): Promise<void> {
  const facts = await writerFacts(tx, caller, rse);
  const attempt = may === mayRegisterReplicas ? 'register replicas' : 'change replicas';
  demand(may(caller, facts), `${attempt} at RSE ${rse.name}`);
}

/** Throws ResourceTemporaryUnavailable where the RSE takes no writes and the caller minds, or must. */
export function demandWritable(rse: Rse, caller: Principal, ignoreAvailability: boolean): void {
  if (rse.availabilityWrite || (ignoreAvailability && mayIgnoreAvailability(caller))) return;
  throw new ResourceTemporaryUnavailable(`RSE ${rse.name} is temporarily unavailable for writing`, {
    rse: rse.name,
  });
}

/**
 * Throws ScopeNotFound; AccessDenied where a file would be a new name in a scope that is not the
 * caller's, UnsupportedOperation where it would be one in a closed scope. Copies of files that exist
 * may be registered whosever they are.
 */
export async function demandNames(
  tx: Tx,
  caller: Principal,
  files: readonly DidName[],
): Promise<void> {
  if (files.length === 0) return;
  const scopes = await existingScopes(
    tx,
    files.map(({ scope }) => scope),
  );
  const mayNot = new Set(
    [...scopes.values()]
      .filter((scope) => isClosed(scope) || !mayNameFiles(caller, scope))
      .map(({ name }) => name),
  );
  const asked = files.filter(({ scope }) => mayNot.has(scope));
  if (asked.length === 0) return;
  const known = new Set((await resolveDids(tx, asked)).map((did) => `${did.scope}:${did.name}`));
  const fresh = asked.find(({ scope, name }) => !known.has(`${scope}:${name}`));
  if (!fresh) return;
  const scope = scopes.get(fresh.scope);
  if (scope && mayNameFiles(caller, scope)) demandOpen([scope]);
  throw new AccessDenied(`You may not add ${fresh.scope}:${fresh.name} to scope ${fresh.scope}`, {
    scope: fresh.scope,
    name: fresh.name,
  });
}
