import { SCOPE, type Sized, type SizedLake } from './sized-lake.js';

const sized = (dids: { scope: string; name: string }[], more: object = {}) =>
  dids.map((did) => ({ ...did, bytes: 1, adler32: '00000001', ...more }));

const at = (rse: string, dids: { scope: string; name: string }[]) =>
  dids.map((did) => ({ ...did, rse }));

const lfn = (path: string) => ({ lfn: path, rse: 'A-DISK', bytes: 1, adler32: '00000001' });

/** The scope of the VO, and an RSE for its directories. */
async function prepareDirac(lake: SizedLake): Promise<void> {
  await lake.scope('vo');
  await lake.send('POST', '/rses/A-DISK/attr/ANY', { value: 'true' });
}

/** Requests about copies whose body or answer has a size. */
export const aboutCopies: Readonly<Record<string, Sized>> = {
  'registering files': (lake, size, tag) => [
    'POST',
    '/replicas',
    { rse: 'A-DISK', files: sized(lake.names(tag, size), { meta: { run_number: 7 } }) },
  ],
  'registering files again': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return ['POST', '/replicas', { rse: 'A-DISK', files: sized(dids) }];
  },
  'adding files of DIRAC': async (lake, size, tag) => {
    await prepareDirac(lake);
    const lfns = lake.names(tag, size).map(({ name }) => lfn(`/vo/${SCOPE}/${tag}/${name}`));
    return ['POST', '/dirac/addfiles', { lfns }];
  },
  'adding files of DIRAC, each in a directory of its own': async (lake, size, tag) => {
    await prepareDirac(lake);
    const lfns = lake.names(tag, size).map(({ name }) => lfn(`/vo/${SCOPE}/${tag}/${name}/f`));
    return ['POST', '/dirac/addfiles', { lfns }];
  },
  'changing states': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return [
      'PUT',
      '/replicas',
      { rse: 'A-DISK', files: dids.map((did) => ({ ...did, state: 'U' })) },
    ];
  },
  'deleting copies': async (lake, size, tag) => {
    const files = await lake.files(tag, size, 'A-DISK');
    return ['DELETE', '/replicas', { rse: 'A-DISK', files }];
  },
  'setting tombstones': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return ['POST', '/replicas/tombstone', { replicas: at('A-DISK', dids) }];
  },
  'setting tombstones at several RSEs': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK', 'B-DISK');
    const replicas = dids.map((did, at) => ({ ...did, rse: at % 2 ? 'A-DISK' : 'B-DISK' }));
    return ['POST', '/replicas/tombstone', { replicas }];
  },
  'changing states to a rest': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    const files = dids.map((did) => ({ ...did, state: 'T' }));
    return ['PUT', '/replicas', { rse: 'A-DISK', files }];
  },
  'listing copies by a table of distances': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    const body = { dids: [{ scope: SCOPE, name: tag }], sort: 'custom_table' };
    return ['POST', '/replicas/list', { ...body, client_location: { site: 'ANYWHERE' } }];
  },
  'listing copies, the best of each': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', `/replicas/${SCOPE}/${tag}?limit=1`];
  },
  'listing copies of a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['POST', '/replicas/list', { dids: [{ scope: SCOPE, name: tag }] }];
  },
  'listing copies of files': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK', 'B-DISK');
    return ['POST', '/replicas/list', { dids, all_states: true, resolve_parents: true }];
  },
  'listing copies of datasets': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    const files = await lake.files(`${tag}f`, 1, 'A-DISK');
    const attachments = dids.map((did) => ({ ...did, dids: files }));
    await lake.send('POST', '/dids/attachments', attachments);
    return ['POST', '/replicas/list', { dids }];
  },
  'listing dataset replicas': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', `/replicas/${SCOPE}/${tag}/datasets?deep=True`];
  },
  'listing dataset replicas of many': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    return ['POST', '/replicas/datasets_bulk', { dids }];
  },
  'listing datasets of an RSE': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', '/replicas/rse/A-DISK'];
  },
  'declaring copies bad': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK', 'B-DISK');
    return ['POST', '/replicas/bad', { reason: 'noise', replicas: at('A-DISK', dids) }];
  },
  'declaring copies bad by PFN': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK', 'B-DISK');
    return [
      'POST',
      '/replicas/bad',
      { reason: 'noise', replicas: await lake.pfns('A-DISK', dids) },
    ];
  },
  'declaring copies bad that a rule holds': async (lake, size, tag) => {
    await lake.rule(tag, size);
    const dids = lake.names(tag, size);
    return ['POST', '/replicas/bad/dids', { rse: 'A-DISK', dids, reason: 'noise' }];
  },
  'declaring copies suspicious': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return [
      'POST',
      '/replicas/suspicious',
      { pfns: await lake.pfns('A-DISK', dids), reason: 'slow' },
    ];
  },
  'letting copies rest': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 19);
    const pfns = await lake.pfns('A-DISK', dids);
    const body = { reason: 'down', pfns, state: 'TEMPORARY_UNAVAILABLE', expires_at: until };
    return ['POST', '/replicas/bad/pfns', body];
  },
  'quarantining paths': (lake, size, tag) => {
    const replicas = lake.names(tag, size).map(({ name }) => ({ path: `/data/${SCOPE}/${name}` }));
    return ['POST', '/replicas/quarantine', { rse: 'A-DISK', replicas }];
  },
  'finding files by PFN': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return ['POST', '/replicas/dids', { rse: 'A-DISK', pfns: await lake.pfns('A-DISK', dids) }];
  },
  'listing bad copies': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK', 'B-DISK');
    await lake.send('POST', '/replicas/bad', { reason: 'noise', replicas: at('A-DISK', dids) });
    return ['GET', '/replicas/bad/states?list_pfns=True&limit=100000'];
  },
  'listing suspicious copies': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    const pfns = await lake.pfns('A-DISK', dids);
    await lake.send('POST', '/replicas/suspicious', { pfns, reason: 'slow' });
    return ['GET', '/replicas/suspicious?nattempts=0'];
  },
  'redirecting to a metalink': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', `/redirect/${SCOPE}/${tag}/metalink`];
  },
  'naming paths': (lake, size, tag) => [
    'GET',
    `/rses/A-DISK/lfns2pfns?${lake
      .names(tag, size)
      .map(({ scope, name }) => `lfn=${scope}:${name}`)
      .join('&')}`,
  ],
};
