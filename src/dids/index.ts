/**
 * Files, datasets and containers: naming, attaching, detaching, closing, erasing, the trees
 * between them, and what was made from what.
 */

export { type Did, nameOf } from './did.js';
export { type Description, type DescriptionColumn, DescriptionColumns } from './description.js';
export { childrenPage, type ChildOf } from './children.sql.js';
export {
  type CollectionSpec,
  type FileSpec,
  lockDids,
  nameRows,
  selectDidsById as didsById,
  writeDescriptions,
} from './did.sql.js';
export {
  type Ancestor,
  ancestorsByDepth,
  describedDids,
  type DescribedDid,
} from './description.sql.js';
export { addDids, insertFiles } from './add-dids.js';
export { holdExpiring, holdExpiringFiles } from './expiring.sql.js';
export { findDid, findDids, notFound, resolveDids } from './find-dids.js';
export { edgesAbove } from './attach-many.sql.js';
export { declareLineage, type Derivation, withdrawLineage } from './declare-lineage.js';
export { type Direction, type Relative, relativePage } from './lineage.sql.js';
export { reviveDids, type RevivedDid } from './revive-dids.js';
export { sampleFiles } from './sample.sql.js';
export { followDid, followersOf, unfollowDid } from './follow.sql.js';
export { attachMany } from './attach-many.js';
export { attachDids } from './attach-dids.js';
export { type Attachment, type AttachOptions, type ConstituentSpec } from './attachment.js';
export { detachDids } from './detach-dids.js';
export { setOpen } from './set-status.js';
export {
  contentPage,
  datasetsOfGuid,
  type ContainedFile,
  filePage,
  formerContent,
  type FormerChild,
  type FormerPage,
  type ListedFile,
  listedFile,
  newDidPage,
  parentsOf,
  scopePage,
} from './content-pages.sql.js';
export { type ChildSpec } from './content.sql.js';
export {
  type CollectionSize,
  type Depth,
  depthOf,
  depthsOf,
  findSizedDid,
  foldCollections,
  type SizedDid,
  sizesOf,
} from './collection.sql.js';
export {
  ancestorsOf,
  collectionsBelow,
  datasetsBelow,
  datasetsBelowEach,
  didsBelow,
  didsBelowEach,
  filesBelow,
} from './tree.sql.js';
export {
  dropBrokenContent,
  dropStrayEvaluations,
  dropStraySizes,
  isBroken,
  missingFromSizes,
  sizeAnew,
} from './mend.sql.js';
export { eraseDids } from './erase.sql.js';
export { lastReads, type TouchedDid, touchDids } from './touch.sql.js';
export {
  claimEvaluations,
  type DueEvaluation,
  endEvaluations,
  evaluateChildren,
  narrowEvaluation,
} from './evaluation.sql.js';
export { loseFiles, regainFiles } from './availability.sql.js';
export { claimDids, claimNewDids, endNews, renewDids } from './new-dids.sql.js';
export { DidEntity } from './did.entity.js';
export { DeletedDidEntity } from './deleted-did.entity.js';
export { ContentEntity, ContentHistoryEntity } from './content.entity.js';
export { CollectionEntity, CollectionDeltaEntity } from './collection.entity.js';
export { DerivedEntity } from './derived.entity.js';
export { DidFollowEntity } from './did-follow.entity.js';
export { UpdatedDidEntity } from './updated-did.entity.js';
