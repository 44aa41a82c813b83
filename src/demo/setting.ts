import { RestClient } from './rest-client.js';
import { distanceBetween, protocolOf, SHORE, sites, type SiteSpec } from './lake.js';
import { type People, type World } from './world.js';

/** Who exists in the story: name, kind, password. The demo's passwords are no secrets. */
const cast = [
  { account: 'online', type: 'SERVICE' },
  { account: 'datamanager', type: 'USER' },
  { account: 'scientist', type: 'USER' },
] as const;

/** The demo's password of an account other than root. */
export const demoPassword = (account: string): string => `${account}-of-the-demo`;

/** The administrator makes accounts and logs everybody in. */
export async function inviteCast(url: string, root: RestClient): Promise<People> {
  for (const { account, type } of cast) {
    await root.text('POST', `/accounts/${account}`, { type, email: `${account}@example.org` });
    await root.text('POST', `/accounts/${account}/identities`, {
      identity: account,
      authtype: 'USERPASS',
      password: demoPassword(account),
      email: `${account}@example.org`,
      default: true,
    });
  }
  const enter = (account: string) => new RestClient(url, account, demoPassword(account)).login();
  const [online, manager, scientist] = await Promise.all([
    enter('online'),
    enter('datamanager'),
    enter('scientist'),
  ]);
  return { root, online, manager, scientist };
}

/** The administrator declares the scope, the storages and who may use how much. */
export async function declareLake(world: World): Promise<void> {
  const { root } = world.people;
  await root.text('POST', `/accounts/online/scopes/${world.scope}`);
  await root.text('POST', '/accounts/scientist/scopes/user.scientist');
  for (const site of sites) await declareSite(world, site);
  for (const source of sites) {
    for (const destination of sites) {
      if (source === destination) continue;
      await root.text('POST', `/rses/${source.rse}/distances/${destination.rse}`, {
        distance: distanceBetween(source, destination),
      });
    }
  }
  for (const { account } of cast) {
    for (const { rse, spaceBytes } of sites) {
      await root.text('POST', `/accounts/${account}/limits/local/${rse}`, { bytes: spaceBytes });
    }
  }
  await root.text('POST', `/accounts/online/attr/register-${SHORE}`, {
    key: `register-${SHORE}`,
    value: 'true',
  });
}

async function declareSite(world: World, site: SiteSpec): Promise<void> {
  const { root } = world.people;
  const storage = world.storages.get(site.rse);
  if (!storage) throw new Error(`no storage for ${site.rse}`);
  await root.text('POST', `/rses/${site.rse}`, {
    rse_type: site.type,
    deterministic: true,
    continent: site.continent,
    country_name: site.country,
  });
  const attributes = {
    institute: site.institute,
    country: site.country,
    type: site.type,
    tier: String(site.tier),
    sign_url: 's3',
    greedyDeletion: 'true',
    ANY: 'true',
  };
  for (const [key, value] of Object.entries(attributes)) {
    await root.text('POST', `/rses/${site.rse}/attr/${key}`, { value });
  }
  await root.text(
    'POST',
    `/rses/${site.rse}/protocols/https`,
    protocolOf(storage.port, world.caPem),
  );
  const limits = {
    MaxSpaceAvailable: site.spaceBytes,
    MinFreeSpace: Math.floor(site.spaceBytes / 100),
  };
  for (const [name, value] of Object.entries(limits)) {
    await root.text('PUT', `/rses/${site.rse}/limits`, { name, value });
  }
}
