/** The story of a detector's raw data, with its people, its lake and small https storages. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bundledConfigFile, type Config, loadConfig } from '../config/index.js';
import { createLog } from '../log/index.js';
import { serve, type Service } from '../main.js';
import {
  analyse,
  awaitCopies,
  corruptOne,
  expireShore,
  listStorages,
  orderCopies,
  takeData,
} from './chapters.js';
import { SHORE } from './lake.js';
import { terminalStage } from './progress.js';
import { readRuns, type Run, takeRuns } from './raw-data.js';
import { RestClient } from './rest-client.js';
import { declareLake, demoPassword, inviteCast } from './setting.js';
import { startSites, type Sites } from './sites.js';
import { type World } from './world.js';

export interface DemoOptions {
  /** Leave everything running, and tell how to look at it. */
  readonly keep?: boolean;
  /** Register the files of this directory instead of made-up ones. */
  readonly input?: string;
}

/** A played story; `stop` takes everything down. */
export interface Demo {
  readonly service: Service;
  readonly sites: Sites;
  /** Addresses and passwords, as JSON. */
  readonly guideFile: string;
  stop(): Promise<void>;
}

const SCOPE = 'km3net';
const MADE_UP_RUNS = [25289, 25290, 25291];
const MADE_UP_BYTES = 1024 * 1024;

/** Plays the story from an empty directory to the last listing. Throws where it does not come true. */
export async function playDemo(options: DemoOptions): Promise<Demo> {
  const stage = terminalStage();
  const runs = options.input
    ? await readRuns(options.input)
    : takeRuns(MADE_UP_RUNS, MADE_UP_BYTES);
  const config = await demoConfig(options.keep ?? false);
  stage.chapter(`Sluice starts in ${config.state.directory} (database, API, all daemons)`);
  const service = await serve(config, createDemoLog(config));
  const sites = await startSites(service.url ?? '', config);
  const stop = async () => {
    await service.stop();
    await sites.close();
  };
  try {
    await play(service, sites, config, runs, stage);
    return { service, sites, guideFile: guideFile(config), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function play(
  service: Service,
  sites: Sites,
  config: Config,
  runs: readonly Run[],
  stage: World['stage'],
): Promise<void> {
  const url = service.url ?? '';
  const password = (await readFile(service.rootPasswordFile ?? '', 'utf8')).trim();
  const root = await new RestClient(url, 'root', password).login();
  const people = await inviteCast(url, root);
  const world: World = {
    url,
    scope: SCOPE,
    stage,
    storages: sites.storages,
    caPem: sites.caPem,
    runs,
    people,
  };

  stage.chapter('The administrator declares five storages on four continents');
  await declareLake(world);
  stage.chapter(
    'The data manager orders two copies on tier-1 disks and one on tape of all raw data',
  );
  await orderCopies(world);
  stage.chapter(`The online filter writes raw data to ${SHORE} and registers it`);
  const shore = await takeData(world);
  stage.chapter('What was ordered comes true');
  await awaitCopies(world);
  stage.chapter(`A disk at ${SHORE} corrupts a file that an analysis wants everywhere`);
  await corruptOne(world);
  stage.chapter('The scientist finds runs by metadata and downloads one');
  await analyse(world);
  stage.chapter(`The rules at ${SHORE} expire (times are seconds here that are hours elsewhere)`);
  await expireShore(world, shore);
  stage.chapter('What the storages hold');
  await listStorages(world);
  writeGuide(config, service, sites, password);
}

/** What somebody needs who looks at the demo afterwards; the demo's own passwords are no secrets. */
function writeGuide(config: Config, service: Service, sites: Sites, rootPassword: string): void {
  const person = (account: string) => ({
    account,
    username: account,
    password: demoPassword(account),
  });
  const guide = {
    url: service.url,
    authUrl: service.url,
    account: 'root',
    username: 'root',
    password: rootPassword,
    filter: person('online'),
    manager: person('datamanager'),
    scientist: person('scientist'),
    ca: sites.caFile,
    scope: SCOPE,
    storages: [...sites.storages].map(([rse, { url, root }]) => ({ rse, url, root })),
  };
  writeFileSync(guideFile(config), JSON.stringify(guide, null, 2), { mode: 0o600 });
}

/** Where the demo leaves its addresses and passwords. */
const guideFile = (config: Config): string => join(config.state.directory, 'demo.json');

/** The demo's own configuration: its own state directory, made new, and seconds for hours. */
async function demoConfig(keep: boolean): Promise<Config> {
  const file = bundledConfigFile('demo');
  const usual = loadConfig({ file });
  const directory = `${usual.state.directory.replace(/\/+$/, '')}-demo`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Without --keep nobody needs to find us, and the usual port may be taken.
  const port = keep ? usual.server.port : await freePort();
  return loadConfig({ file, overrides: { state: { directory }, server: { port } } });
}

function createDemoLog(config: Config) {
  const path = join(config.state.directory, 'sluice.log');
  const lines: string[] = [];
  const flush = () => {
    writeFileSync(path, lines.splice(0).join(''), { flag: 'a', mode: 0o600 });
  };
  return createLog('info', {
    write(line: string) {
      if (lines.push(line) === 1) setImmediate(flush);
    },
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
