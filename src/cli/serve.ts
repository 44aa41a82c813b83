import { loadConfig } from '../config/index.js';
import { serve } from '../main.js';
import { untilSignal } from './signals.js';

export interface ServeOptions {
  readonly roles?: string;
  readonly port?: number;
  readonly host?: string;
}

/** `sluice serve`: runs until SIGTERM or Ctrl-C. */
export async function runServe(options: ServeOptions): Promise<void> {
  const config = loadConfig({
    overrides: {
      server: { roles: options.roles?.split(','), port: options.port, host: options.host },
    },
  });
  const signal = untilSignal();
  const service = await serve(config);
  if (service.url) console.log(`Sluice serves ${service.url}`);
  console.log(`Daemons: ${service.daemons.join(', ') || 'none'}`);
  if (service.rootPasswordFile) {
    console.log(`User ${config.bootstrap.username}, password in ${service.rootPasswordFile}`);
  }
  await signal;
  await service.stop();
}
