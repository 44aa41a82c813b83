import { type Principal } from '../../accounts/index.js';
import { type Config } from '../../config/index.js';
import { type Database, type Tx } from '../../db/index.js';
import { type Attachment, attachMany } from '../../dids/index.js';
import { DataIdentifierAlreadyExists } from '../../errors/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import { namedCopies, registerFiles } from '../../replicas/index.js';
import { offerFiles } from '../../subscriptions/index.js';
import { type AccountId, type DidName } from '../../vocabulary/index.js';
import { confirmUploads } from '../replicas/confirm-uploads.js';
import {
  lookAtUploads,
  registeredUploads,
  type SeenUploads,
  wantsVerification,
} from '../replicas/look-at-uploads.js';
import { addDiracRules } from './add-rules.js';
import { type DiracFiles } from './dirac.request.js';
import { factsOf, type FreshFiles, rsesOf } from './facts.js';
import { lifetimesFor } from './lifetimes.js';
import { makeDirectories } from './make-directories.js';

export interface AddFilesTerms {
  readonly caller: Principal;
  readonly config: Config;
  readonly now: Date;
}

interface Places {
  readonly db: Database;
  readonly storages: StorageRegistry;
}

/** Two requests that make the same directory at once: the second sees it when it begins again. */
const ATTEMPTS = 3;

/**
 * Adds files that DIRAC has written, all or none: their copies, a rule for each that
 * keeps it where it is, the dataset they are in, with a rule of its own when it is new, and the
 * containers above. What is known already is passed over. As many statements for many files as for one,
 * at each storage element.
 *
 * Throws UnsupportedOperation (a directory that is something else, a volatile RSE), AccessDenied,
 * RSENotFound, ScopeNotFound, ResourceTemporaryUnavailable (no writing there), and what registering,
 * attaching and adding rules throw.
 */
export async function addFiles(
  { db, storages }: Places,
  asked: DiracFiles,
  terms: AddFilesTerms,
): Promise<void> {
  const seen = await lookAtWritten({ db, storages }, asked, terms);
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.tx((tx) => addAll(tx, asked, seen, terms));
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof DataIdentifierAlreadyExists)) throw error;
    }
  }
}

type SeenByRse = ReadonlyMap<string, SeenUploads>;

/** Looks at what is said to be written where the RSE wants that, before anything is held. */
async function lookAtWritten(
  { db, storages }: Places,
  asked: DiracFiles,
  { caller, now }: AddFilesTerms,
): Promise<SeenByRse> {
  const seen = new Map<string, SeenUploads>();
  const groups = await db.read(async (tx) => {
    const wanted = (await rsesOf(tx, asked)).some(wantsVerification);
    return wanted ? (await factsOf(tx, asked, caller)).groups : [];
  });
  for (const { rse, files } of groups) {
    if (!wantsVerification(rse)) continue;
    const written = files.filter(({ path }) => rse.deterministic || path !== null);
    const told = (tx: Tx) => registeredUploads(tx, rse, written);
    seen.set(rse.name, await lookAtUploads({ db, storages, now }, told));
  }
  return seen;
}

async function addAll(
  tx: Tx,
  asked: DiracFiles,
  seen: SeenByRse,
  { caller, config, now }: AddFilesTerms,
): Promise<void> {
  const { groups, directories } = await factsOf(tx, asked, caller);
  if (groups.length === 0) return;
  const { accountId } = caller;
  const scopes = [...directories.values()].map(({ scope }) => scope);
  const lifetimes = await lifetimesFor(tx, scopes);
  const tree = await makeDirectories(tx, directories, { accountId, meta: asked.parentsMeta, now });
  for (const group of groups) await register(tx, group, { accountId, now, seen });
  await attachMany(tx, [...tree.attachments, ...attachmentsOf(groups)], {
    ignoreDuplicate: true,
    accountId,
  });
  const { ignoreAvailability } = asked;
  const kept = { groups, tree, lifetimes, ignoreAvailability };
  await addDiracRules(tx, kept, { caller, config, now });
}

async function register(
  tx: Tx,
  { rse, files }: FreshFiles,
  { accountId, now, seen }: { accountId: AccountId; now: Date; seen: SeenByRse },
): Promise<void> {
  const registered = await registerFiles(tx, {
    accountId,
    rse,
    files: await offerFiles(tx, files),
    now,
  });
  const looked = seen.get(rse.name);
  if (!looked || looked.paths.length === 0) return;
  const fresh = files.filter((_, at) => registered[at]?.fresh);
  await confirmUploads(tx, rse, await namedCopies(tx, rse, fresh), { seen: looked, now });
}

/** The files by the dataset they are in. */
function attachmentsOf(groups: readonly FreshFiles[]): Attachment[] {
  const attachments = new Map<string, { parent: DidName; children: DidName[] }>();
  for (const { directory, scope, name } of groups.flatMap(({ files }) => files)) {
    const known = attachments.get(directory.name);
    if (known) known.children.push({ scope, name });
    else attachments.set(directory.name, { parent: directory, children: [{ scope, name }] });
  }
  return [...attachments.values()];
}
