import { type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { attachMany, findDids, nameOf } from '../../dids/index.js';
import { InvalidObject } from '../../errors/index.js';
import { insertDescribedFiles } from '../../metadata/index.js';
import { givenPath, registerFiles } from '../../replicas/index.js';
import { findRse, protocolsOf } from '../../rses/index.js';
import { offerFiles } from '../../subscriptions/index.js';
import { type DidName, DidType, type NamingScheme } from '../../vocabulary/index.js';
import { demandNames, demandWriter } from '../replicas/write-facts.js';
import { type AttachRequest } from './content.request.js';
import { type ParsedDidItem } from './did-item.request.js';
import { demandScopes, parseNewName } from './did-name.js';

export interface AttachTerms {
  readonly caller: Principal;
  readonly ignoreDuplicate?: boolean;
  readonly now: Date;
  readonly naming: NamingScheme;
}

/**
 * Attaches what a client names to parents; with an RSE, after registering the files as being there.
 * In steps over the whole request: parents and rights, then files, then what is in what.
 * Throws AccessDenied and what registerFiles and attachMany throw.
 */
export async function attachContent(
  tx: Tx,
  requests: readonly AttachRequest[],
  terms: AttachTerms,
): Promise<void> {
  if (requests.length === 0) return;
  const { caller, ignoreDuplicate } = terms;
  const names = requests.map(({ parent }) => parent);
  const parents = await findDids(tx, names);
  await demandScopes(tx, caller, parents, `attach to DIDs`);
  const registered = new Map<string, ParsedDidItem[]>();
  const constituents: ParsedDidItem[] = [];
  requests.forEach(({ rse, children }, at) => {
    const type = parents[at]?.type;
    if (rse !== null && type !== DidType.CONTAINER) {
      const known = registered.get(rse);
      if (known) known.push(...children);
      else registered.set(rse, [...children]);
    } else if (type === DidType.FILE) constituents.push(...children);
  });
  for (const [rse, children] of registered) await registerChildren(tx, rse, children, terms);
  await nameConstituents(tx, constituents, terms);
  await attachMany(tx, requests, { ignoreDuplicate, accountId: caller.accountId });
}

/** Files that come into archives: those that are new and whose size is told are made, as described. */
async function nameConstituents(
  tx: Tx,
  constituents: readonly ParsedDidItem[],
  { caller, now, naming }: AttachTerms,
): Promise<void> {
  const files = constituents.flatMap(({ bytes, adler32, md5, guid, meta, ...child }) => {
    const name = parseNewName(child, naming);
    return bytes === null ? [] : [{ ...name, bytes, adler32, md5, guid, ...(meta && { meta }) }];
  });
  await demandNames(tx, caller, constituents);
  await insertDescribedFiles(tx, caller.accountId, distinctNames(files), now);
}

const distinctNames = <Name extends DidName>(names: readonly Name[]): Name[] => [
  ...new Map(names.map((name) => [nameOf(name), name])).values(),
];

async function registerChildren(
  tx: Tx,
  rseName: string,
  children: readonly ParsedDidItem[],
  { caller, now, naming }: AttachTerms,
): Promise<void> {
  const rse = await findRse(tx, rseName);
  await demandWriter(tx, caller, rse);
  await demandNames(tx, caller, children);
  const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
  const files = children.map((child) => ({
    ...parseNewName(child, naming),
    bytes: sizeOf(child),
    adler32: child.adler32,
    md5: child.md5,
    ...(child.meta && { meta: child.meta }),
    ...(child.state && { state: child.state }),
    path: child.pfn === null ? null : (givenPath(rse, protocols, child, child.pfn) ?? null),
  }));
  await registerFiles(tx, {
    accountId: caller.accountId,
    rse,
    files: await offerFiles(tx, files),
    now,
  });
}

function sizeOf(child: ParsedDidItem): bigint {
  if (child.bytes !== null) return child.bytes;
  throw new InvalidObject(`Problem validating dids: ${nameOf(child)} has no bytes`, {
    field: 'bytes',
  });
}
