import { type Tx } from '../db/index.js';
import {
  ancestorsByDepth,
  type CollectionSize,
  depthsOf,
  describedDids,
  type DescribedDid,
  type Description,
  type Did,
  sizesOf,
} from '../dids/index.js';
import { UnsupportedMetadataPlugin } from '../errors/index.js';
import { type DidId, DidType } from '../vocabulary/index.js';
import { ownMetadata } from './did-meta.sql.js';
import { type Meta } from './parse-metadata.js';

/** Which metadata: built-in columns, own keys, or both. */
export const MetadataPlugins = ['DID_COLUMN', 'JSON', 'ALL'] as const;
export type MetadataPlugin = (typeof MetadataPlugins)[number];

/** Reads a plugin's name, any case. Throws UnsupportedMetadataPlugin. */
export function parsePlugin(text: string): MetadataPlugin {
  const plugin = MetadataPlugins.find((name) => name === text.toUpperCase());
  if (plugin) return plugin;
  throw new UnsupportedMetadataPlugin(
    `There is no metadata plugin '${text}': ${MetadataPlugins.join(', ')}`,
  );
}

/** A DID with its metadata; a dataset also with its size, a closed container with that of all below. */
export interface DidMetadata {
  readonly did: DescribedDid;
  readonly size: CollectionSize | undefined;
  readonly own: Meta;
}

export interface MetadataQuestion {
  readonly plugin: MetadataPlugin;
  /** Fill what a DID lacks from what is above it, nearest first. */
  readonly inherit?: boolean;
}

/** The metadata of DIDs, in their order. A DID erased meanwhile is left out. */
export async function metadataOf(
  tx: Tx,
  dids: readonly Did[],
  { plugin, inherit = false }: MetadataQuestion,
): Promise<DidMetadata[]> {
  const ids = [...new Set(dids.map(({ id }) => id))];
  const lineage = inherit ? await ancestorsByDepth(tx, ids) : [];
  const all = [...new Set([...ids, ...lineage.map(({ ancestorId }) => ancestorId)])];
  const described = await describedDids(tx, all);
  const own: Map<DidId, Meta> =
    plugin === 'DID_COLUMN' ? new Map<DidId, Meta>() : await ownMetadata(tx, all);
  const sizes: ReadonlyMap<DidId, CollectionSize> =
    plugin === 'JSON' ? new Map<DidId, CollectionSize>() : await sizesShown(tx, dids);
  const above = new Map<DidId, DidId[]>();
  for (const { didId, ancestorId } of lineage) {
    above.set(didId, [...(above.get(didId) ?? []), ancestorId]);
  }
  return dids.flatMap(({ id, type, isOpen }) => {
    const did = described.get(id);
    if (!did) return [];
    const line = above.get(id) ?? [];
    const size =
      type === DidType.DATASET || isOpen === false
        ? (sizes.get(id) ?? { length: 0n, bytes: 0n })
        : undefined;
    return [
      {
        did: { ...did, description: descriptionOf(did, line, described) },
        size,
        own: line.reduce(
          (meta, ancestor) => ({ ...own.get(ancestor), ...meta }),
          own.get(id) ?? {},
        ),
      },
    ];
  });
}

/** Of datasets, and of containers once they are closed. */
async function sizesShown(tx: Tx, dids: readonly Did[]): Promise<Map<DidId, CollectionSize>> {
  const { DATASET, CONTAINER } = DidType;
  const ids = (of: (did: Did) => boolean) => dids.filter(of).map(({ id }) => id);
  const datasets = await sizesOf(
    tx,
    ids(({ type }) => type === DATASET),
  );
  const containers = await depthsOf(
    tx,
    ids(({ type, isOpen }) => type === CONTAINER && isOpen === false),
  );
  return new Map([...datasets, ...containers]);
}

/** What children take over from above: what the data are, not how the name is kept. */
const INHERITED = [
  'project',
  'datatype',
  'run_number',
  'stream_name',
  'prod_step',
  'version',
  'campaign',
  'task_id',
  'panda_id',
  'provenance',
  'phys_group',
  'eol_at',
] as const;

function descriptionOf(
  did: DescribedDid,
  line: readonly DidId[],
  described: ReadonlyMap<DidId, DescribedDid>,
): Required<Description> {
  if (line.length === 0) return did.description;
  const filled: Record<string, unknown> = {};
  for (const key of INHERITED) {
    if (did.description[key] !== null) continue;
    const source = line.find((id) => described.get(id)?.description[key] != null);
    if (source !== undefined) filled[key] = described.get(source)?.description[key];
  }
  return { ...did.description, ...filled };
}
