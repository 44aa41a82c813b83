import { type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { demand, type May, mayChangeDids } from '../../policy/index.js';
import { type Scope, scopesByName } from '../../scopes/index.js';
import {
  type DidName,
  DidNamePatterns,
  type NamingScheme,
  Patterns,
} from '../../vocabulary/index.js';
import { parseName } from '../wire/index.js';

/** A name that is about to be given, as the site's scheme has it. Throws InvalidObject. */
export function parseNewName({ scope, name }: DidName, naming: NamingScheme): DidName {
  return {
    scope: parseName(Patterns.scope, scope, 'scope'),
    name: parseName(DidNamePatterns[naming], name, 'name'),
  };
}

/** Throws AccessDenied unless the caller may change names in all these scopes, or what else `may` says. */
export async function demandScopes(
  tx: Tx,
  caller: Principal,
  names: readonly DidName[],
  attempt: string,
  may: May<[scopes: Iterable<Scope>]> = mayChangeDids,
): Promise<void> {
  if (caller.isAdmin) return;
  const scopes = await scopesByName(
    tx,
    names.map(({ scope }) => scope),
  );
  const refused = [...scopes.values()].find((scope) => !may(caller, [scope]));
  demand(refused === undefined, `${attempt} in scope ${refused?.name}`);
}
