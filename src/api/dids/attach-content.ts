import { type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { attachDids, findDid, nameOf } from '../../dids/index.js';
import { InvalidObject } from '../../errors/index.js';
import { givenPath, registerFiles } from '../../replicas/index.js';
import { findRse, protocolsOf } from '../../rses/index.js';
import { offerFiles } from '../../subscriptions/index.js';
import { DidType } from '../../vocabulary/index.js';
import { demandNames, demandWriter } from '../replicas/write-facts.js';
import { type AttachRequest } from './content.request.js';
import { type ParsedDidItem } from './did-item.request.js';
import { demandScopes, parseNewName } from './did-name.js';

export interface AttachTerms {
  readonly caller: Principal;
  readonly ignoreDuplicate?: boolean;
  readonly now: Date;
}

/**
 * Attaches what a client names to one parent; with an RSE, after registering the files as being
 * there. Throws AccessDenied and what registerFiles and attachDids throw.
 */
export async function attachContent(
  tx: Tx,
  { parent: parentName, children, rse }: AttachRequest,
  terms: AttachTerms,
): Promise<void> {
  const { caller, ignoreDuplicate } = terms;
  const parent = await findDid(tx, parentName);
  await demandScopes(tx, caller, [parent], `attach to DIDs`);
  if (rse !== null && parent.type !== DidType.CONTAINER) {
    await registerChildren(tx, rse, children, terms);
  } else if (parent.type === DidType.FILE) {
    await demandNames(tx, caller, children);
  }
  await attachDids(tx, parent, children, { ignoreDuplicate, accountId: caller.accountId });
}

async function registerChildren(
  tx: Tx,
  rseName: string,
  children: readonly ParsedDidItem[],
  { caller, now }: AttachTerms,
): Promise<void> {
  const rse = await findRse(tx, rseName);
  await demandWriter(tx, caller, rse);
  await demandNames(tx, caller, children);
  const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
  const files = children.map((child) => ({
    ...parseNewName(child),
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
