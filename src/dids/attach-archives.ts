import { type Tx } from '../db/index.js';
import { DidType } from '../vocabulary/index.js';
import { insertFiles } from './add-dids.js';
import {
  attachmentFact,
  type AttachOptions,
  type ConstituentSpec,
  type ReadyAttachment,
  unsupported,
} from './attachment.js';
import { insertConstituents } from './content.sql.js';
import { type Did, nameOf } from './did.js';
import { writeArchives } from './did.sql.js';
import { findDids, notFound, resolveDids } from './find-dids.js';

/** What makes a FILE an archive that can have constituents: its name. */
const ARCHIVE = /\.(zip|zipx|tar|tar\.gz|tgz|tar\.Z|tar\.bz2|tbz2)(\.\d+)?$/i;

/** A file that comes into an archive. */
interface Constituent {
  readonly archive: Did;
  readonly said: ConstituentSpec;
}

/**
 * Files become constituents of archives, and are made where they are missing; all or none, by as many
 * statements for many archives as for one. The archives' rows are held, and the files' that expire.
 * Throws DataIdentifierNotFound (a file that is new and has no size), UnsupportedOperation,
 * FileAlreadyExists, FileConsistencyMismatch.
 */
export async function attachToArchives(
  tx: Tx,
  attachments: readonly ReadyAttachment[],
  { accountId, ignoreDuplicate }: AttachOptions,
): Promise<void> {
  const all = attachments.flatMap(({ parent: archive, children }) => {
    if (children.length === 0) return [];
    if (ARCHIVE.test(archive.name)) return children.map((said) => ({ archive, said }));
    throw unsupported(archive, `'${nameOf(archive)}' is a file, and not named like an archive`);
  });
  if (all.length === 0) return;
  await makeMissing(tx, all, accountId);
  const said = all.map((it) => it.said);
  const found = await findDids(tx, said);
  found.forEach((did, at) =>
    demandSame((all[at] as Constituent).archive, did, said[at] as ConstituentSpec),
  );
  const archiveIds = all.map(({ archive }) => archive.id);
  const childIds = found.map(({ id }) => id);
  const again = await insertConstituents(tx, archiveIds, childIds);
  if (again !== undefined && !ignoreDuplicate) {
    const { archive, said: child } = all[again] as Constituent;
    const { scope, name } = child;
    throw attachmentFact(archive, { scope, name, problem: 'duplicate' });
  }
  await writeArchives(tx, archiveIds, childIds);
}

/** Makes the files that are not there; an archive's owner owns its files, unless somebody is named. */
async function makeMissing(
  tx: Tx,
  all: readonly Constituent[],
  accountId: AttachOptions['accountId'],
): Promise<void> {
  const known = await resolveDids(
    tx,
    all.map(({ said }) => said),
  );
  const knownNames = new Set(known.map(nameOf));
  const fresh = all.filter(({ said }) => !knownNames.has(nameOf(said)));
  const incomplete = fresh.find(({ said }) => said.bytes == null);
  if (incomplete) throw notFound(incomplete.said);
  const ownerOf = ({ archive }: Constituent) => accountId ?? archive.accountId;
  for (const owner of new Set(fresh.map(ownerOf))) {
    const files = fresh.filter((it) => ownerOf(it) === owner).map(({ said }) => fileOf(said));
    await insertFiles(tx, owner, files);
  }
}

const fileOf = ({ scope, name, bytes, adler32, md5, guid }: ConstituentSpec) => ({
  scope,
  name,
  bytes: bytes as bigint,
  adler32: adler32 ?? null,
  md5: md5 ?? null,
  guid: guid ?? null,
});

function demandSame(archive: Did, did: Did, said: ConstituentSpec): void {
  const { scope, name } = did;
  if (did.type !== DidType.FILE) throw attachmentFact(archive, { scope, name, problem: 'type' });
  if (did.id === archive.id) throw attachmentFact(archive, { scope, name, problem: 'self' });
  const plain = (uuid: string | null) => uuid?.replaceAll('-', '').toLowerCase();
  if (said.bytes != null && said.bytes !== did.bytes) {
    throw attachmentFact(archive, { scope, name, problem: 'bytes' });
  }
  if (said.adler32 != null && did.adler32 !== null && said.adler32 !== did.adler32) {
    throw attachmentFact(archive, { scope, name, problem: 'adler32' });
  }
  if (said.md5 != null && did.md5 !== null && plain(said.md5) !== plain(did.md5)) {
    throw attachmentFact(archive, { scope, name, problem: 'md5' });
  }
}
