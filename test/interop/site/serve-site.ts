import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openAuthority } from './authority.js';
import { declareRse, made, type RseOptions } from './lake.js';
import { type SluiceProcess, startSluice } from './sluice.js';
import { type StorageServer } from './storage-server.js';
import { startXrootd } from './xrootd.js';

/*
 * The site that the official client's stories are told on, `serve-site.ts <directory>`: a Sluice on
 * https and three XRootDs that believe its tokens and nothing else. Writes <directory>/site.json, in
 * the words of demo.json, and stays until its standard input ends.
 */
const [directory = ''] = process.argv.slice(2);

const SCOPE = 'km3net';
const GIB = 1024 ** 3;

/** The shore fetches nothing; one disk fetches by itself (http-tpc), to the other one bytes stream. */
const RSES: Readonly<Record<string, RseOptions>> = {
  'EU-DISK': { attributes: { tier: '1' }, extended: { third_party_copy: true } },
  'NA-DISK': { attributes: { tier: '1' }, extended: { third_party_copy: false } },
  'SHORE-DISK': { attributes: { tier: '0' }, extended: { third_party_copy: false } },
};

const PEOPLE = { online: 'SERVICE', scientist: 'USER' } as const;
type Person = keyof typeof PEOPLE;
const passwordOf = (person: Person) => `${person}-of-the-interop-site`;

async function invite(sluice: SluiceProcess, person: Person): Promise<void> {
  const email = `${person}@example.org`;
  await made(sluice, `/accounts/${person}`, { type: PEOPLE[person], email });
  await made(sluice, `/accounts/${person}/identities`, {
    ...{ identity: person, authtype: 'USERPASS', password: passwordOf(person), email },
    default: true,
  });
  for (const rse of Object.keys(RSES)) {
    await made(sluice, `/accounts/${person}/limits/local/${rse}`, { bytes: GIB });
  }
}

/** The same distance between any two. */
async function connect(sluice: SluiceProcess): Promise<void> {
  for (const from of Object.keys(RSES)) {
    for (const to of Object.keys(RSES).filter((rse) => rse !== from)) {
      await made(sluice, `/rses/${from}/distances/${to}`, { distance: 1 });
    }
  }
}

const authority = await openAuthority();
const storages: StorageServer[] = [];
let sluice: SluiceProcess | undefined;

async function open(): Promise<object> {
  mkdirSync(directory, { recursive: true });
  sluice = await startSluice({ state: join(directory, 's'), authority });
  for (const [rse, options] of Object.entries(RSES)) {
    const tokens = { issuer: sluice.url };
    const storage = await startXrootd({ root: directory, name: rse, authority, tokens });
    storages.push(storage);
    await declareRse(sluice, rse, storage, options);
  }
  await connect(sluice);
  for (const person of Object.keys(PEOPLE) as Person[]) await invite(sluice, person);
  await made(sluice, `/accounts/online/scopes/${SCOPE}`, undefined);
  const key = 'register-SHORE-DISK';
  await made(sluice, `/accounts/online/attr/${key}`, { key, value: 'true' });
  return describe(sluice);
}

const describe = ({ url, username, password, caFile }: SluiceProcess) => ({
  ...{ url, authUrl: url, account: 'root', username, password, ca: caFile, scope: SCOPE },
  filter: { account: 'online', username: 'online', password: passwordOf('online') },
  scientist: { account: 'scientist', username: 'scientist', password: passwordOf('scientist') },
  storages: storages.map(({ name, url: origin, dataDir, prefix }) => ({
    ...{ rse: name, url: origin, dataDir, prefix },
  })),
});

// Ctrl-C goes to the whole terminal; our end is the end of who started us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
const ended = once(process.stdin.resume(), 'close');
try {
  const description = await open();
  writeFileSync(join(directory, 'site.tmp'), JSON.stringify(description, null, 2), { mode: 0o600 });
  await rename(join(directory, 'site.tmp'), join(directory, 'site.json'));
  await ended;
} finally {
  await Promise.allSettled(storages.map((storage) => storage.stop()));
  await sluice?.stop();
  authority.close();
}
