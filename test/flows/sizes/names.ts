import { SCOPE, type Sized } from './sized-lake.js';

const typed = (dids: { scope: string; name: string }[], type = 'DATASET') =>
  dids.map((did) => ({ ...did, type }));

/** Requests about names whose body or answer has a size. */
export const aboutNames: Readonly<Record<string, Sized>> = {
  'adding DIDs': (lake, size, tag) => ['POST', '/dids', typed(lake.names(tag, size))],
  'adding DIDs with content and metadata': async (lake, size, tag) => {
    const dids = await lake.files(`${tag}f`, size, 'A-DISK');
    const parents = typed(lake.names(tag, size));
    return [
      'POST',
      '/dids',
      parents.map((did, at) => ({ ...did, dids: [dids[at]], meta: { at } })),
    ];
  },
  'adding DIDs with content and rules': async (lake, size, tag) => {
    const dids = await lake.files(`${tag}f`, size, 'A-DISK');
    const rules = [
      { account: 'root', copies: 1, rse_expression: 'B-DISK' },
      { account: 'root', copies: 2, rse_expression: '*', grouping: 'ALL', lifetime: 3600 },
    ];
    const parents = typed(lake.names(tag, size));
    return ['POST', '/dids', parents.map((did, at) => ({ ...did, dids: [dids[at]], rules }))];
  },
  'adding containers with rules': (lake, size, tag) => {
    const rules = [{ account: 'root', copies: 1, rse_expression: 'B-DISK' }];
    return [
      'POST',
      '/dids',
      typed(lake.names(tag, size), 'CONTAINER').map((did) => ({ ...did, rules })),
    ];
  },
  'adding a dataset with its files': async (lake, size, tag) => {
    const dids = await lake.files(`${tag}f`, size, 'A-DISK');
    return ['POST', `/dids/${SCOPE}/${tag}`, { type: 'DATASET', dids }];
  },
  'attaching files': async (lake, size, tag) => {
    await lake.dataset(tag, 1);
    const dids = await lake.files(`${tag}more`, size, 'A-DISK');
    return ['POST', `/dids/${SCOPE}/${tag}/dids`, { dids }];
  },
  'attaching files that it registers': async (lake, size, tag) => {
    await lake.dataset(tag, 1);
    const dids = lake.names(`${tag}new`, size).map((did) => ({ ...did, bytes: 1 }));
    return ['POST', `/dids/${SCOPE}/${tag}/dids`, { dids, rse: 'A-DISK' }];
  },
  'attaching to many datasets': async (lake, size, tag) => {
    const parents = await lake.datasets(tag, size);
    const dids = await lake.files(`${tag}f`, 2, 'A-DISK');
    return ['POST', '/dids/attachments', parents.map((parent) => ({ ...parent, dids }))];
  },
  'attaching files that it registers in many scopes': async (lake, size, tag) => {
    await lake.dataset(tag, 1);
    const dids = lake.names(tag, size).map(({ name }) => ({ scope: name, name: 'new', bytes: 1 }));
    for (const { scope } of dids) await lake.send('POST', `/accounts/root/scopes/${scope}`);
    return ['POST', `/dids/${SCOPE}/${tag}/dids`, { dids, rse: 'A-DISK' }];
  },
  'filling an archive': async (lake, size, tag) => {
    const dids = lake.names(tag, size).map((did) => ({ ...did, bytes: 1, meta: { tag } }));
    await lake.send('POST', '/replicas', {
      rse: 'A-DISK',
      files: [{ scope: SCOPE, name: `${tag}.zip`, bytes: 1 }],
    });
    return ['POST', `/dids/${SCOPE}/${tag}.zip/dids`, { dids }];
  },
  'listing an archive': async (lake, size, tag) => {
    await lake.send('POST', '/replicas', {
      rse: 'A-DISK',
      files: [{ scope: SCOPE, name: `${tag}.zip`, bytes: 1 }],
    });
    const dids = lake.names(tag, size).map((did) => ({ ...did, bytes: 1 }));
    await lake.send('POST', `/dids/${SCOPE}/${tag}.zip/dids`, { dids });
    return ['GET', `/archives/${SCOPE}/${tag}.zip/files`];
  },
  'drawing a sample': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    const names = {
      input_scope: SCOPE,
      input_name: tag,
      output_scope: SCOPE,
      output_name: `${tag}s`,
    };
    return ['POST', '/dids/sample', { ...names, nbfiles: String(size) }];
  },
  'saving DIDs that have expired': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    const body = { dids: dids.map((did) => ({ ...did, meta: { lifetime: -1 } })) };
    await lake.send('POST', '/dids/bulkdidsmeta', body);
    return ['POST', '/dids/resurrect', dids];
  },
  'declaring from what something was made': async (lake, size, tag) => {
    const parents = await lake.datasets(tag, size);
    await lake.dataset(`${tag}of`, 1);
    return ['POST', `/dids/${SCOPE}/${tag}of/derived`, { parents }];
  },
  'declaring what many were made from': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.dataset(`${tag}of`, 1);
    const parents = [{ scope: SCOPE, name: `${tag}of` }];
    return ['POST', '/dids/derived', dids.map((did) => ({ ...did, parents }))];
  },
  'listing descendants': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.dataset(`${tag}of`, 1);
    const parents = [{ scope: SCOPE, name: `${tag}of` }];
    await lake.send(
      'POST',
      '/dids/derived',
      dids.map((did) => ({ ...did, parents })),
    );
    return ['GET', `/dids/${SCOPE}/${tag}of/descendants`];
  },
  'detaching files': async (lake, size, tag) => {
    const dids = await lake.dataset(tag, size);
    return ['DELETE', `/dids/${SCOPE}/${tag}/dids`, { dids }];
  },
  'closing a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['PUT', `/dids/${SCOPE}/${tag}/status`, { open: false }];
  },
  'listing content': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', `/dids/${SCOPE}/${tag}/dids`];
  },
  'listing files': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['GET', `/dids/${SCOPE}/${tag}/files`];
  },
  'listing files of a container': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.send('POST', `/dids/${SCOPE}/${tag}`, { type: 'CONTAINER', dids });
    return ['GET', `/dids/${SCOPE}/${tag}/files`];
  },
  'listing below a container': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    await lake.send('POST', `/dids/${SCOPE}/${tag}`, { type: 'CONTAINER', dids });
    return ['GET', `/dids/${SCOPE}/?name=${tag}&recursive=True`];
  },
  'listing files of many datasets': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    return ['POST', '/dids/bulkfiles', { dids }];
  },
  'listing former content': async (lake, size, tag) => {
    const dids = await lake.dataset(tag, size);
    await lake.send('DELETE', `/dids/${SCOPE}/${tag}/dids`, { dids });
    return ['GET', `/dids/${SCOPE}/${tag}/dids/history`];
  },
  'listing parents': async (lake, size, tag) => {
    const parents = await lake.datasets(tag, size);
    const dids = await lake.files(`${tag}f`, 1, 'A-DISK');
    await lake.send(
      'POST',
      '/dids/attachments',
      parents.map((parent) => ({ ...parent, dids })),
    );
    return ['GET', `/dids/${SCOPE}/${tag}f_0/parents`];
  },
  'listing new DIDs': async (lake, size, tag) => {
    await lake.datasets(tag, size);
    return ['GET', '/dids/new'];
  },
  'searching names': async (lake, size, tag) => {
    await lake.datasets(tag, size);
    return ['GET', `/dids/${SCOPE}/dids/search?name=${tag}*&type=all&long=1`];
  },
  'searching below what is found': async (lake, size, tag) => {
    const dids = await lake.datasets(tag, size);
    const files = await lake.files(`${tag}f`, 1, 'A-DISK');
    await lake.send(
      'POST',
      '/dids/attachments',
      dids.map((did) => ({ ...did, dids: files })),
    );
    return ['GET', `/dids/${SCOPE}/dids/search?name=${tag}_*&type=all&recursive=True`];
  },
  'searching own metadata': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    const body = { dids: dids.map((did) => ({ ...did, meta: { tag } })) };
    await lake.send('POST', '/dids/bulkdidsmeta', body);
    const filters = encodeURIComponent(JSON.stringify([{ tag }]));
    return ['GET', `/dids/${SCOPE}/dids/search?type=file&filters=${filters}`];
  },
  'writing metadata of many': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    return [
      'POST',
      '/dids/bulkdidsmeta',
      { dids: dids.map((did, at) => ({ ...did, meta: { at } })) },
    ];
  },
  'writing built-in metadata of many': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    const meta = (at: number) => ({ run_number: at, datatype: `T${at}`, [`own${at}`]: at });
    return [
      'POST',
      '/dids/bulkdidsmeta',
      { dids: dids.map((did, at) => ({ ...did, meta: meta(at) })) },
    ];
  },
  'writing many keys': async (lake, size, tag) => {
    await lake.files(tag, 1, 'A-DISK');
    const meta = Object.fromEntries(lake.names(tag, size).map(({ name }, at) => [name, at]));
    return ['POST', `/dids/${SCOPE}/${tag}_0/meta`, { meta }];
  },
  'writing metadata of all files of a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return ['POST', `/dids/${SCOPE}/${tag}/meta`, { meta: { site: 'ARCA' }, recursive: true }];
  },
  'writing metadata of all files of many datasets': async (lake, size, tag) => {
    const files = await lake.files(`${tag}f`, 2, 'A-DISK');
    const parents = await lake.datasets(tag, size);
    await lake.send(
      'POST',
      '/dids/attachments',
      parents.map((parent) => ({ ...parent, dids: files })),
    );
    const dids = parents.map((did, at) => ({ ...did, meta: { at, run_number: at } }));
    return ['POST', '/dids/bulkdidsmeta', { dids, recursive: true }];
  },
  'writing what an expression has to fit': async (lake, size, tag) => {
    const dids = await lake.files(tag, size, 'A-DISK');
    await lake.send('POST', `/meta_conventions/${tag}`, {
      key_type: 'ALL',
      value_regexp: 'v[0-9]+$',
    });
    return [
      'POST',
      '/dids/bulkdidsmeta',
      { dids: dids.map((did, at) => ({ ...did, meta: { [tag]: `v${at}` } })) },
    ];
  },
  'reading metadata of many': async (lake, size, tag) => {
    const dids = await lake.dataset(tag, size);
    return ['POST', '/dids/bulkmeta', { dids, inherit: true, plugin: 'ALL' }];
  },
};
