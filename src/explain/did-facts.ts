import { type Tx } from '../db/index.js';
import { type Did, filesBelow, findDid } from '../dids/index.js';
import { type Copy, copiesOf } from '../replicas/index.js';
import { type Rse, rsesById } from '../rses/index.js';
import { type DidName, DidType, type RseId } from '../vocabulary/index.js';
import {
  copiesBelow,
  type CollectionCopies,
  type Declaration,
  declarationsOn,
  type DidFlags,
  flagsOf,
  type HoldingRule,
  type PendingEvaluation,
  pendingEvaluation,
  rulesOnCollection,
  rulesOnFile,
} from './copy-facts.sql.js';
import { type Desk } from './rule-facts.js';
import { type Unserved, unservedOrders } from './subscription-facts.sql.js';
import { lastBeats } from './workers.js';

/** All that is told of a DID. */
export interface DidFacts extends Desk {
  readonly did: Did;
  readonly rules: readonly HoldingRule[];
  readonly copies: readonly Copy[];
  readonly below: readonly CollectionCopies[];
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly pending: PendingEvaluation | undefined;
  readonly declarations: readonly Declaration[];
  readonly flags: DidFlags | undefined;
  readonly unserved: readonly Unserved[];
  readonly beats: ReadonlyMap<string, Date>;
}

/** Reads them. Throws DataIdentifierNotFound. */
export async function readDidFacts(tx: Tx, name: DidName, desk: Desk): Promise<DidFacts> {
  const did = await findDid(tx, name);
  const isFile = did.type === DidType.FILE;
  const copies = isFile ? await copiesOf(tx, [did.id]) : [];
  const below = isFile ? [] : await copiesBelow(tx, filesBelow(did.id));
  const ids = [...copies, ...below].map(({ rseId }) => rseId);
  return {
    ...desk,
    did,
    copies,
    below,
    rules: isFile ? await rulesOnFile(tx, did.id) : await rulesOnCollection(tx, did.id),
    rses: await rsesById(tx, [...new Set(ids)]),
    pending: await pendingEvaluation(tx, did.id),
    declarations: isFile ? await declarationsOn(tx, did.id) : [],
    flags: await flagsOf(tx, did.id),
    unserved: await unservedOrders(tx, did.id),
    beats: await lastBeats(tx),
  };
}
