import { localLimits, type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { AccessDenied, ResourceTemporaryUnavailable, ScopeNotFound } from '../../errors/index.js';
import { demand, mayNameFiles, mayRegisterReplicas, type WriterFacts } from '../../policy/index.js';
import { type Rse } from '../../rses/index.js';
import { scopesByName } from '../../scopes/index.js';
import { type DidName } from '../../vocabulary/index.js';

/** What the caller's right to write at the RSE turns on. */
export async function writerFacts(tx: Tx, caller: Principal, rse: Rse): Promise<WriterFacts> {
  const limits = caller.isAdmin ? undefined : await localLimits(tx, caller.accountId);
  return { rse: rse.name, localLimit: limits?.get(rse.id) };
}

/** Throws AccessDenied unless the caller may register copies at the RSE. */
export async function demandWriter(tx: Tx, caller: Principal, rse: Rse): Promise<void> {
  const facts = await writerFacts(tx, caller, rse);
  demand(mayRegisterReplicas(caller, facts), `register replicas at RSE ${rse.name}`);
}

/** Throws ResourceTemporaryUnavailable where the RSE takes no writes and the caller minds. */
export function demandWritable(rse: Rse, ignoreAvailability: boolean): void {
  if (rse.availabilityWrite || ignoreAvailability) return;
  throw new ResourceTemporaryUnavailable(`RSE ${rse.name} is temporarily unavailable for writing`, {
    rse: rse.name,
  });
}

/**
 * Throws ScopeNotFound, and AccessDenied where a file would be a new name in a scope that is not the
 * caller's. Copies of files that exist may be registered whosever they are.
 */
export async function demandNames(
  tx: Tx,
  caller: Principal,
  files: readonly DidName[],
): Promise<void> {
  const names = new Set(files.map(({ scope }) => scope));
  if (names.size === 0) return;
  const scopes = await scopesByName(tx, [...names]);
  const foreign = new Set<string>();
  for (const name of names) {
    const scope = scopes.get(name);
    if (!scope) throw new ScopeNotFound(`Scope '${name}' does not exist`, { scope: name });
    if (!mayNameFiles(caller, scope.accountId)) foreign.add(name);
  }
  const asked = files.filter(({ scope }) => foreign.has(scope));
  if (asked.length === 0) return;
  const known = new Set((await resolveDids(tx, asked)).map((did) => `${did.scope}:${did.name}`));
  const fresh = asked.find(({ scope, name }) => !known.has(`${scope}:${name}`));
  if (fresh) {
    throw new AccessDenied(`You may not add ${fresh.scope}:${fresh.name} to scope ${fresh.scope}`, {
      scope: fresh.scope,
      name: fresh.name,
    });
  }
}
