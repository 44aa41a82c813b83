import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { apiModules } from './api/index.js';
import {
  AuthGuard,
  installBodyParsers,
  rewriteUrl,
  WireExceptionFilter,
} from './api/wire/index.js';
import { Clock } from './clock.js';
import { CONFIG, type Config } from './config/index.js';
import { Database } from './db/index.js';
import { LOG, type Log } from './log/index.js';
import { StorageRegistry } from './protocols/index.js';

/** The five injectables: nothing else is ever injected. */
export interface AppParts {
  readonly config: Config;
  readonly db: Database;
  readonly log: Log;
  readonly clock: Clock;
  readonly storages: StorageRegistry;
}

/** KM3NeT has file names of 133 characters; encoded, a name of 250 may have 750. */
const PATH_PARAMETER_LENGTH = 2048;

@Module({})
class GroundModule {
  static of(parts: AppParts): DynamicModule {
    const providers: Provider[] = [
      { provide: CONFIG, useValue: parts.config },
      { provide: Database, useValue: parts.db },
      { provide: LOG, useValue: parts.log },
      { provide: Clock, useValue: parts.clock },
      { provide: StorageRegistry, useValue: parts.storages },
    ];
    return { module: GroundModule, global: true, providers, exports: providers };
  }
}

@Module({})
class AppModule {
  static of(parts: AppParts): DynamicModule {
    return {
      module: AppModule,
      imports: [GroundModule.of(parts), ScheduleModule.forRoot(), ...apiModules],
    };
  }
}

/** The Nest application over its parts, initialised, not yet listening. */
export async function createApp(parts: AppParts): Promise<NestFastifyApplication> {
  const { config, log } = parts;
  const { tls, bodyLimitBytes } = config.server;
  const adapter = new FastifyAdapter({
    routerOptions: { maxParamLength: PATH_PARAMETER_LENGTH },
    bodyLimit: bodyLimitBytes,
    rewriteUrl: (request) => rewriteUrl(request.url ?? '/'),
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    ...(tls && { https: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(parts), adapter, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  installBodyParsers(app.getHttpAdapter().getInstance());
  app.useGlobalFilters(new WireExceptionFilter(log));
  app.useGlobalGuards(app.get(AuthGuard));
  await app.init();
  return app;
}
