import { ruleOn, SCOPE, type Sized, type SizedLake } from './sized-lake.js';

const order = (tag: string, replicationRules: object[]) => ({
  options: { filter: { pattern: `${tag}_` }, replication_rules: replicationRules },
});

/** Datasets, and a subscription that is about them. */
async function ordered(lake: SizedLake, size: number, tag: string): Promise<void> {
  await lake.datasets(tag, size);
  const rule = { copies: 1, rse_expression: 'B-DISK' };
  await lake.send('POST', `/subscriptions/root/${tag}`, order(tag, [rule]));
}

/** So many tasks of a subscription. */
async function tasks(lake: SizedLake, size: number, tag: string): Promise<void> {
  const one = { sluice: { notify: { group_by: { files: 1 } } } };
  await lake.send('POST', `/subscriptions/root/${tag}`, order(tag, [one]));
  await lake.datasets(tag, size);
  await lake.showNew();
}

/** Requests about rules, locks, requests and standing orders, and the rest, whose body or answer has a size. */
export const aboutWishes: Readonly<Record<string, Sized>> = {
  'a rule over a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['POST', '/rules/', ruleOn([{ scope: SCOPE, name: tag }])];
  },
  'a rule that spreads a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    const spread = { rse_expression: '*', copies: 2, grouping: 'NONE' };
    return ['POST', '/rules/', ruleOn([{ scope: SCOPE, name: tag }], spread)];
  },
  'rules on many files': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return ['POST', '/rules/', ruleOn(dids)];
  },
  'rules on many datasets': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    const files = await lake.files(`${tag}f`, 2, 'A-DISK');
    const attachments = dids.map((did) => ({ ...did, dids: files }));
    await lake.send('POST', '/dids/attachments', attachments);
    return ['POST', '/rules/', ruleOn(dids)];
  },
  'moving a rule': async (lake, size, tag) => [
    'POST',
    `/rules/${await lake.rule(tag, size)}/move`,
    { rse_expression: 'C-DISK' },
  ],
  'changing a rule': async (lake, size, tag) => [
    'PUT',
    `/rules/${await lake.rule(tag, size)}`,
    { options: { priority: 5, activity: 'Staging' } },
  ],
  'deleting a rule': async (lake, size, tag) => [
    'DELETE',
    `/rules/${await lake.rule(tag, size)}`,
    { purge_replicas: true },
  ],
  'listing the locks of a rule': async (lake, size, tag) => [
    'GET',
    `/rules/${await lake.rule(tag, size)}/locks`,
  ],
  'analysing a rule': async (lake, size, tag) => [
    'GET',
    `/rules/${await lake.rule(tag, size)}/analysis`,
  ],
  'explaining a rule': async (lake, size, tag) => [
    'GET',
    `/rules/${await lake.rule(tag, size)}/explain`,
  ],
  'explaining a dataset': async (lake, size, tag) => {
    await lake.rule(tag, size);
    return ['GET', `/dids/${SCOPE}/${tag}/explain`];
  },
  'explaining an RSE': async (lake, size, tag) => {
    await lake.rule(tag, size);
    return ['GET', '/rses/B-DISK/explain'];
  },
  'explaining an account': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    await lake.send('POST', '/rules/', ruleOn(dids));
    return ['GET', '/accounts/root/explain'];
  },
  'asking for lifetime exceptions': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.send('POST', '/config', { lifetime_model: { cutoff_date: '2099-01-01' } });
    const meta = { eol_at: '2098-01-01' };
    await lake.send('POST', '/dids/bulkdidsmeta', { dids: dids.map((did) => ({ ...did, meta })) });
    return [
      'POST',
      '/lifetime_exceptions/',
      { dids, account: 'root', pattern: null, comments: 'x' },
    ];
  },
  'deciding on lifetime exceptions': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.send('POST', '/config', { lifetime_model: { cutoff_date: '2099-01-01' } });
    const meta = { eol_at: '2098-01-01' };
    await lake.send('POST', '/dids/bulkdidsmeta', { dids: dids.map((did) => ({ ...did, meta })) });
    const { body } = await lake.send('POST', '/lifetime_exceptions/', { dids });
    const [id] = Object.keys((body as { exceptions: object }).exceptions);
    return ['PUT', `/lifetime_exceptions/${id}`, { state: 'A' }];
  },
  'leaving traces': async (lake, size, tag) => {
    const files = await lake.files(tag, size, 'A-DISK');
    const read = { eventType: 'download', clientState: 'DONE', remoteSite: 'A-DISK' };
    return [
      'POST',
      '/traces/',
      files.map(({ scope, name }) => ({ ...read, scope, filename: name })),
    ];
  },
  'listing rules': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    await lake.send('POST', '/rules/', ruleOn(dids));
    return ['GET', `/rules/?scope=${SCOPE}`];
  },
  'listing the rules of a DID': async (lake, size, tag) => {
    await lake.rule(tag, size);
    return ['GET', `/dids/${SCOPE}/${tag}/rules`];
  },
  'listing locks of a dataset': async (lake, size, tag) => {
    await lake.rule(tag, size);
    return ['GET', `/locks/${SCOPE}/${tag}?did_type=dataset`];
  },
  'listing locks of many': async (lake, size, tag) => {
    const dids = (await lake.datasets(tag, size)).map((did) => ({ ...did, type: 'dataset' }));
    return ['POST', '/locks/bulk_locks_for_dids', { dids }];
  },
  'listing requests': async (lake, size, tag) => {
    await lake.rule(tag, size);
    return ['GET', '/requests/list?src_rse=A-DISK&dst_rse=B-DISK&request_states=Q'];
  },
  'listing standing orders': async (lake, size, tag) => {
    for (const { name } of lake.names(tag, size)) {
      await lake.send('POST', `/subscriptions/root/${name}`, {
        options: {
          filter: { scope: [SCOPE] },
          replication_rules: [{ copies: 1, rse_expression: 'B-DISK', activity: 'Staging' }],
          comments: 'c',
          lifetime: false,
          retroactive: false,
          dry_run: false,
          priority: 1,
        },
      });
    }
    return ['GET', '/subscriptions/root'];
  },
  'planning a backfill': async (lake, size, tag) => {
    await ordered(lake, size, tag);
    return ['POST', `/subscriptions/root/${tag}/backfill`, { dry_run: true }];
  },
  'what a backfill would find': async (lake, size, tag) => {
    await ordered(lake, size, tag);
    return ['GET', `/subscriptions/root/${tag}/matches`];
  },
  'taking tasks': async (lake, size, tag) => {
    await tasks(lake, size, tag);
    return ['POST', `/subscriptions/root/${tag}/tasks/claim`, { count: size }];
  },
  'listing tasks': async (lake, size, tag) => {
    await tasks(lake, size, tag);
    return ['GET', `/subscriptions/root/${tag}/tasks`];
  },
  'writing settings': (lake, size, tag) => [
    'POST',
    '/config',
    { [tag]: Object.fromEntries(lake.names(tag, size).map(({ name }, at) => [name, at])) },
  ],
  'writing sections of settings': (lake, size, tag) => [
    'POST',
    '/config',
    Object.fromEntries(lake.names(tag, size).map(({ name }, at) => [name, { at }])),
  ],
  'importing RSEs, distances and accounts': (lake, size, tag) => {
    const names = lake.names(tag.toUpperCase(), size).map(({ name }) => name);
    const protocol = { scheme: 'https', hostname: 'h', port: 443, prefix: '/', impl: 'x' };
    const rse = { attributes: { tier: 1 }, protocols: [protocol], limits: { MinFreeSpace: 1 } };
    return [
      'POST',
      '/import',
      {
        rses: Object.fromEntries(names.map((name) => [name, { ...rse, qos_policies: ['FAST'] }])),
        distances: { 'A-DISK': Object.fromEntries(names.map((name) => [name, { distance: 1 }])) },
        accounts: names.map((name) => ({
          account: name.toLowerCase(),
          email: null,
          identities: [{ type: 'X509', identity: `/CN=${name}` }],
        })),
      },
    ];
  },
  'exporting RSEs': async (lake, size, tag) => {
    const rses = lake.names(tag.toUpperCase(), size).map(({ name }) => [name, {}] as const);
    await lake.send('POST', '/import', { rses: Object.fromEntries(rses) });
    return ['GET', '/export'];
  },
  'changing the protocols of a scheme': async (lake, size, tag) => {
    const rse = tag.toUpperCase();
    const protocols = lake.names(tag, size).map(({ name: hostname }) => ({
      scheme: 'https',
      hostname,
      port: 443,
      impl: 'x',
    }));
    await lake.send('POST', '/import', { rses: { [rse]: { protocols } } });
    return ['PUT', `/rses/${rse}/protocols/https`, { prefix: '/new/' }];
  },
  'listing the usage of an RSE by account': async (lake, size, tag) => {
    for (const { name } of lake.names(tag, size)) {
      await lake.send('POST', `/accounts/${name}`, { type: 'USER', email: null });
      await lake.send('POST', `/accounts/${name}/limits/local/C-DISK`, { bytes: 1 });
    }
    return ['GET', '/rses/C-DISK/accounts/usage'];
  },
  'listing the usage of an RSE by source': async (lake, size, tag) => {
    for (const { name: source } of lake.names(tag, size)) {
      await lake.send('PUT', '/rses/C-DISK/usage', { source, used: 1, free: 1, files: 1 });
    }
    return ['GET', '/rses/C-DISK/usage?per_account=True'];
  },
  'listing transfer limits': async (lake, size, tag) => {
    const names = lake.names(tag.toUpperCase(), size).map(({ name }) => name);
    await lake.send('POST', '/import', {
      rses: Object.fromEntries(names.map((name) => [name, {}])),
    });
    for (const name of names) {
      const limit = { rse_expression: name, max_transfers: 1000 };
      await lake.send('PUT', '/requests/transfer_limits', limit);
    }
    return ['GET', '/requests/transfer_limits'];
  },
  'telling traces': (lake, size, tag) => [
    'POST',
    '/traces/',
    lake.names(tag, size).map(({ scope, name }) => ({
      eventType: 'get',
      scope,
      filename: name,
      remoteSite: 'A-DISK',
      clientState: 'DONE',
    })),
  ],
  'listing RSEs': async (lake, size, tag) => {
    for (const { name } of lake.names(tag.toUpperCase(), size)) {
      await lake.send('POST', `/rses/${name}`, {});
    }
    return ['GET', '/rses/'];
  },
  'listing accounts': async (lake, size, tag) => {
    for (const { name } of lake.names(tag, size)) {
      await lake.send('POST', `/accounts/${name}`, { type: 'USER', email: 'x@km3net.example' });
    }
    return ['GET', '/accounts/'];
  },
};
