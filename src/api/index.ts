import { type Type } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ConfigModule } from './config/config.module.js';
import { IdentitiesModule } from './identities/identities.module.js';
import { PingModule } from './ping/ping.module.js';
import { RsesModule } from './rses/rses.module.js';
import { ScopesModule } from './scopes/scopes.module.js';
import { ArchivesModule } from './archives/archives.module.js';
import { DidsModule } from './dids/dids.module.js';
import { MetaConventionsModule } from './meta-conventions/meta-conventions.module.js';
import { ReplicasModule } from './replicas/replicas.module.js';

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
];
