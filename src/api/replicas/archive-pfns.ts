import { type Database } from '../../db/index.js';
import { urlServiceOf } from '../../protocols/index.js';
import { archivesOf, type CopyFilter, type ListedFile, listedFiles } from '../../replicas/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { type ListedPfn, pfnsOf } from './listing.presenter.js';
import { type Places } from './places.js';

/** How the archives of a listing are reached. */
export interface ArchiveReach {
  readonly filter: CopyFilter;
  readonly places: Places;
  /** Makes physical names open, where a token opens them. */
  readonly sign: (pfns: readonly ListedPfn[]) => Promise<ListedPfn[]>;
}

/** Members of archives are reached through the archive's own copies. */
export async function archivePfns(
  db: Database,
  { filter, places, sign }: ArchiveReach,
  files: readonly ListedFile[],
): Promise<Map<DidId, ListedPfn[]>> {
  const members = files.filter(({ constituent }) => constituent === true);
  const found = new Map<DidId, ListedPfn[]>();
  if (members.length === 0) return found;
  const byId = new Map(members.map((file) => [file.didId, file]));
  const { pairs, archives } = await db.read(async (tx) => {
    const pairs = await archivesOf(tx, [...byId.keys()]);
    const ids = [...new Set(pairs.map(({ archiveId }) => archiveId))];
    return { pairs, archives: await listedFiles(tx, ids, filter) };
  });
  const copies = new Map<DidId, { readonly name: string; readonly pfns: readonly ListedPfn[] }>();
  for (const archive of archives) {
    const pfns = await sign(pfnsOf(archive, places, false));
    copies.set(archive.didId, { name: archive.name, pfns });
  }
  for (const { childId, archiveId } of pairs) {
    const member = byId.get(childId)?.name ?? '';
    const archive = copies.get(archiveId);
    const inside = archive?.pfns.map((pfn) => insideArchive(pfn, archive.name, member)) ?? [];
    found.set(childId, [...(found.get(childId) ?? []), ...inside]);
  }
  return found;
}

/**
 * A member in a copy of its archive. `root` servers unpack by themselves; for all others the client
 * fetches the archive and unpacks it. It saves it under what stands behind the last slash of the
 * physical name: a token there is longer than a file name may be, so the archive's name stands last.
 * What a storage has signed its own way holds for the whole query, so there it is a fragment, which
 * stays with the client. A path in a file system has no query.
 */
function insideArchive(copy: ListedPfn, archive: string, member: string): ListedPfn {
  const { scheme } = copy.place.protocol;
  const clientExtract = scheme !== 'root';
  if (scheme === 'file') return { ...copy, domain: 'zip', clientExtract };
  const query = `xrdcl.unzip=${encodeURIComponent(member)}`;
  const whole = urlServiceOf(copy.place.protocol.extendedAttributes) !== undefined;
  const pfn = copy.pfn.includes('?')
    ? `${copy.pfn}${whole ? '#' : '&'}${query}&archive=/${encodeURIComponent(archive)}`
    : `${copy.pfn}?${query}`;
  return { ...copy, pfn, domain: 'zip', clientExtract };
}
