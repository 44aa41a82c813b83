import { MessageEntity } from './messages/index.js';
import { SettingEntity } from './settings/index.js';
import { AuditEntity } from './audit/index.js';
import {
  DistanceEntity,
  RseAttributeEntity,
  RseEntity,
  RseLimitEntity,
  RseProtocolEntity,
  RseQosPolicyEntity,
  RseUsageDeltaEntity,
  RseUsageEntity,
  RseUsageHistoryEntity,
} from './rses/index.js';
import {
  AccountAttributeEntity,
  AccountEntity,
  AccountIdentityEntity,
  AccountLimitEntity,
  AccountUsageDeltaEntity,
  AccountUsageEntity,
  AccountUsageHistoryEntity,
  GlobalAccountLimitEntity,
  IdentityEntity,
  SigningKeyEntity,
  TokenEntity,
} from './accounts/index.js';
import { ScopeEntity } from './scopes/index.js';
import {
  CollectionDeltaEntity,
  CollectionEntity,
  ContentEntity,
  ContentHistoryEntity,
  DeletedDidEntity,
  DerivedEntity,
  DidEntity,
  DidFollowEntity,
  UpdatedDidEntity,
} from './dids/index.js';
import { DidMetaEntity, MetaKeyEntity, MetaValueEntity } from './metadata/index.js';
import {
  BadReplicaEntity,
  GuardedCopyEntity,
  QuarantinedReplicaEntity,
  ReplicaEntity,
  ReplicaPathEntity,
  TraceEntity,
  UploadGrantEntity,
  VerificationEntity,
} from './replicas/index.js';
import { RequestEntity, RequestHistoryEntity, TransferLimitEntity } from './requests/index.js';
import { LockEntity, StuckLockEntity } from './locks/index.js';
import { RuleEntity, RuleHistoryEntity } from './rules/index.js';
import { SubscriptionBacklogEntity, SubscriptionEntity } from './subscriptions/index.js';
import { HeartbeatEntity } from './daemons/runtime/heartbeat.entity.js';

/** The shape of every table, for TypeORM; test/db/schema.spec.ts compares them with the migrations. */
export const entities = [
  MessageEntity,
  SettingEntity,
  AuditEntity,
  RseEntity,
  RseAttributeEntity,
  RseProtocolEntity,
  RseLimitEntity,
  RseQosPolicyEntity,
  DistanceEntity,
  RseUsageEntity,
  RseUsageDeltaEntity,
  RseUsageHistoryEntity,
  AccountEntity,
  AccountAttributeEntity,
  IdentityEntity,
  AccountIdentityEntity,
  TokenEntity,
  SigningKeyEntity,
  AccountLimitEntity,
  GlobalAccountLimitEntity,
  AccountUsageEntity,
  AccountUsageDeltaEntity,
  AccountUsageHistoryEntity,
  ScopeEntity,
  DidEntity,
  DeletedDidEntity,
  DerivedEntity,
  DidFollowEntity,
  ContentEntity,
  ContentHistoryEntity,
  CollectionEntity,
  CollectionDeltaEntity,
  UpdatedDidEntity,
  DidMetaEntity,
  MetaKeyEntity,
  MetaValueEntity,
  ReplicaEntity,
  ReplicaPathEntity,
  GuardedCopyEntity,
  BadReplicaEntity,
  VerificationEntity,
  QuarantinedReplicaEntity,
  TraceEntity,
  UploadGrantEntity,
  RequestEntity,
  RequestHistoryEntity,
  TransferLimitEntity,
  LockEntity,
  StuckLockEntity,
  RuleEntity,
  RuleHistoryEntity,
  SubscriptionEntity,
  SubscriptionBacklogEntity,
  HeartbeatEntity,
];
