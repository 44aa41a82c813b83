/** The door: Rucio's wire. One module for each noun; `wire/` is what they share. */

import { type Type } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ConfigModule } from './config/config.module.js';
import { ExplainModule } from './explain/explain.module.js';
import { ExportModule } from './export/export.module.js';
import { HeartbeatsModule } from './heartbeats/heartbeats.module.js';
import { IdentitiesModule } from './identities/identities.module.js';
import { ImportModule } from './import/import.module.js';
import { PingModule } from './ping/ping.module.js';
import { RequestsModule } from './requests/requests.module.js';
import { RsesModule } from './rses/rses.module.js';
import { ScopesModule } from './scopes/scopes.module.js';
import { ArchivesModule } from './archives/archives.module.js';
import { DidsModule } from './dids/dids.module.js';
import { DoctorModule } from './doctor/doctor.module.js';
import { DiracModule } from './dirac/dirac.module.js';
import { MetaConventionsModule } from './meta-conventions/meta-conventions.module.js';
import { ReplicasModule } from './replicas/replicas.module.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { RedirectModule } from './redirect/redirect.module.js';
import { TracesModule } from './traces/traces.module.js';
import { WellKnownModule } from './well-known/well-known.module.js';
import { LifetimeExceptionsModule } from './lifetime-exceptions/lifetime-exceptions.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LocksModule } from './locks/locks.module.js';
import { RulesModule } from './rules/rules.module.js';
import { SubscriptionsModule } from './subscriptions/subscriptions.module.js';

/** Every noun's module. The routes of the service are these and no others (`sluice routes`). */
export const apiModules: Type[] = [
  PingModule,
  AuthModule,
  AccountsModule,
  IdentitiesModule,
  ScopesModule,
  RsesModule,
  ConfigModule,
  ArchivesModule,
  DidsModule,
  MetaConventionsModule,
  ReplicasModule,
  DiracModule,
  CredentialsModule,
  WellKnownModule,
  TracesModule,
  RedirectModule,
  RulesModule,
  SubscriptionsModule,
  JobsModule,
  LocksModule,
  LifetimeExceptionsModule,
  RequestsModule,
  ExplainModule,
  HeartbeatsModule,
  DoctorModule,
  ExportModule,
  ImportModule,
];
