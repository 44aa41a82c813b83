import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import { Server } from 'node:https';
import { apiModules } from './api/index.js';
import {
  AuthGuard,
  installAccessLog,
  installWire,
  serverOptions,
  WireExceptionFilter,
} from './api/wire/index.js';
import { followCertificate, readCertificate } from './certificate.js';
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
      providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
    };
  }
}

/** The Nest application over its parts, initialised, not yet listening. */
export async function createApp(
  parts: AppParts,
  onRoute?: (route: { method: string; path: string }) => void,
): Promise<NestFastifyApplication> {
  const { config, log } = parts;
  const { tls, bodyLimitBytes, certificateCheckSeconds } = config.server;
  const certificate = tls && readCertificate(tls);
  const adapter = new FastifyAdapter({
    ...serverOptions(log),
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: 'idle',
    ...(certificate && { https: certificate }),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(parts), adapter, {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  if (onRoute) {
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRoute', ({ method, url }) => {
        for (const verb of [method].flat()) onRoute({ method: verb, path: url });
      });
  }
  const server: unknown = app.getHttpServer();
  if (tls && certificate && server instanceof Server) {
    const periodMs = certificateCheckSeconds * 1000;
    followCertificate(server, tls, { inUse: certificate, periodMs, log });
  }
  installAccessLog(app.getHttpAdapter().getInstance(), log);
  installWire(app.getHttpAdapter().getInstance());
  app.useGlobalFilters(new WireExceptionFilter(log));
  await app.init();
  return app;
}
