import { Type } from 'typebox';
import { type Meta, type MetadataPlugin, parsePlugin } from '../../metadata/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { orNull, parseParameters, parseText } from '../wire/index.js';
import { MetaBody, NamedDid } from './did-item.request.js';

/** The plugin of a query; the built-in columns where none is named. */
export const parsePluginParameter = (value: unknown): MetadataPlugin =>
  parsePlugin(parseText(value, 'plugin') || 'DID_COLUMN');

const OneKey = Type.Object({ value: Type.Unknown(), recursive: orNull(Type.Boolean()) });

export interface MetaRequest {
  readonly meta: Meta;
  readonly recursive: boolean;
}

/** The body of `POST dids/{scope}/{name}/meta/{key}`. */
export function parseKey(key: string, body: unknown): MetaRequest {
  const { value, recursive } = parseParameters(OneKey, body, 'a metadata value');
  return { meta: { [key]: value }, recursive: recursive ?? false };
}

const Keys = Type.Object({ meta: MetaBody, recursive: orNull(Type.Boolean()) });

/** The body of `POST dids/{scope}/{name}/meta`. */
export function parseKeys(body: unknown): MetaRequest {
  const { meta, recursive } = parseParameters(Keys, body, 'metadata');
  return { meta, recursive: recursive ?? false };
}

const BulkDids = Type.Object({
  dids: Type.Array(Type.Object({ scope: Type.String(), name: Type.String(), meta: MetaBody }), {
    maxItems: Limits.bulkItems,
  }),
  recursive: orNull(Type.Boolean()),
});

export interface BulkMetaChange {
  readonly dids: readonly (DidName & { readonly meta: Meta })[];
  readonly recursive: boolean;
}

/** The body of `POST dids/bulkdidsmeta`. */
export function parseBulkChange(body: unknown): BulkMetaChange {
  const { dids, recursive } = parseParameters(BulkDids, body, 'metadata of DIDs');
  return { dids, recursive: recursive ?? false };
}

const BulkQuestion = Type.Object({
  dids: Type.Array(NamedDid, { maxItems: Limits.bulkItems }),
  inherit: orNull(Type.Boolean()),
  plugin: orNull(Type.String()),
});

export interface BulkMetaQuestion {
  readonly dids: readonly DidName[];
  readonly inherit: boolean;
  readonly plugin: MetadataPlugin;
}

/** The body of `POST dids/bulkmeta`. */
export function parseBulkQuestion(body: unknown): BulkMetaQuestion {
  const { dids, inherit, plugin } = parseParameters(BulkQuestion, body, 'DIDs');
  return { dids, inherit: inherit ?? false, plugin: parsePlugin(plugin || 'DID_COLUMN') };
}
