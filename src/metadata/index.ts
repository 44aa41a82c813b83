/** Own and built-in metadata, conventions, and the query language with its compiler. */

export {
  addDescribedDids,
  type DescribedCollection,
  type DescribedFile,
  insertDescribedFiles,
} from './add-described.js';
export { addKey, addValue, type KeySpec } from './declare-keys.js';
export { listKeys, listValues } from './convention.sql.js';
export { deleteMetadata, type MetaChange, setMetadata, type SetOptions } from './set-metadata.js';
export {
  type DidMetadata,
  metadataOf,
  type MetadataPlugin,
  type MetadataQuestion,
  parsePlugin,
} from './read-metadata.js';
export { resurrectDids } from './resurrect-dids.js';
export { builtInOf } from './built-in.js';
export { isOwnKey } from './keys.js';
export { expiryOf, type Meta, parseMetadata } from './parse-metadata.js';
export { eraseMetadata, ownMetadata, sortMetadataIndex } from './did-meta.sql.js';
export { demandPattern, matchTexts } from './pattern.sql.js';
export { parsePattern, type Pattern } from './python-pattern.js';
export {
  belowFilter,
  type FoundChild,
  type FoundDid,
  limitStatements,
  searchContentPage,
  searchPage,
  searchRows,
} from './search-dids.js';
export { DidMetaEntity } from './did-meta.entity.js';
export { MetaKeyEntity, MetaValueEntity } from './meta-key.entity.js';
