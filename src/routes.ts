import { createApp } from './app.module.js';
import { SystemClock } from './clock.js';
import { loadConfig } from './config/index.js';
import { Database, dataSource } from './db/index.js';
import { createLog } from './log/index.js';
import { StorageRegistry } from './protocols/index.js';

/** A route as Nest registered it. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route of the API, by path. Nothing is connected: the application is only wired together. */
export async function listRoutes(): Promise<Route[]> {
  const url = 'postgres://nobody@localhost/nothing';
  const routes: Route[] = [];
  const app = await createApp(
    {
      config: loadConfig({ environment: {} }),
      db: new Database(dataSource({ url }), url),
      log: createLog('silent'),
      clock: new SystemClock(),
      storages: new StorageRegistry({ allowPrivate: false }),
    },
    (route) => routes.push(route),
  );
  await app.close();
  return routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .toSorted((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method));
}

/** The routes as lines of text. */
export async function printRoutes(): Promise<string> {
  const routes = await listRoutes();
  return routes.map(({ method, path }) => `${method.padEnd(7)} ${path}`).join('\n');
}
