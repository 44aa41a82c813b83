import { del, get, post, put } from './tell.mjs';

const did = (name, scope = 'wire') => ({ scope, name });
const file = (name, bytes, adler32, more = {}) => ({ ...did(name), bytes, adler32, ...more });
const list = (body) => ({
  dids: [did('run1.root')],
  domain: null,
  all_states: false,
  resolve_archives: true,
  resolve_parents: false,
  ignore_availability: true,
  ...body,
});
const METALINK = { headers: { Accept: 'application/metalink4+xml' } };

export const replicas = [
  post('replicas are added', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [
      file('rep1.root', 100, '1a0b0c01', { md5: 'ffeeddccbbaa99887766554433221100' }),
      file('rep2.root', 200, '1a0b0c02'),
    ],
    ignore_availability: true,
  }),
  post('the same replicas again', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [file('rep1.root', 100, '1a0b0c01')],
    ignore_availability: true,
  }),
  post('a second copy', '/replicas', {
    rse: 'WIRE-DISK-2',
    files: [file('rep1.root', 100, '1a0b0c01')],
    ignore_availability: true,
  }),
  post('a copy with another size', '/replicas', {
    rse: 'WIRE-TAPE',
    files: [file('rep1.root', 101, '1a0b0c01')],
    ignore_availability: true,
  }),
  post('a copy still to be written', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [
      file('rep3.root', 300, '1a0b0c03', {
        state: 'C',
        meta: { guid: '2e1a6c1b0f3d4b8ea1a2b3c4d5e6f703' },
      }),
    ],
    ignore_availability: true,
  }),
  post('a path that is the right one', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [
      file('rep4.root', 400, '1a0b0c04', {
        pfn: 'https://disk1.wire.example:443/data/wire/3d/3d/rep4.root',
      }),
    ],
    ignore_availability: true,
  }),
  post('a path that is not', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [
      file('rep5.root', 500, '1a0b0c05', {
        pfn: 'https://disk1.wire.example:443/data/elsewhere/rep5.root',
      }),
    ],
    ignore_availability: true,
  }),
  post('an unknown RSE', '/replicas', {
    rse: 'WIRE-NONE',
    files: [file('rep6.root', 1, '1a0b0c06')],
  }),
  post('an unknown scope', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [{ scope: 'wire.none', name: 'rep6.root', bytes: 1, adler32: '1a0b0c06' }],
  }),
  post('a checksum that is none', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [file('rep6.root', 1, 'xyz')],
  }),
  post('no files', '/replicas', { rse: 'WIRE-DISK-1', files: [] }),
  post('no RSE', '/replicas', { files: [file('rep6.root', 1, '1a0b0c06')] }),
  put('the copy is written', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [{ ...did('rep3.root'), state: 'A' }],
  }),
  put('a copy that is not there', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [{ ...did('none.root'), state: 'A' }],
  }),
  put('on an unknown RSE', '/replicas', {
    rse: 'WIRE-NONE',
    files: [{ ...did('rep3.root'), state: 'A' }],
  }),
  del('a copy on an unknown RSE is deleted', '/replicas', {
    rse: 'WIRE-NONE',
    files: [did('rep4.root')],
  }),
  get('dataset replicas', '/replicas/wire/ds1/datasets', { anyOrder: true }),
  get('dataset replicas, counted', '/replicas/wire/ds1/datasets?deep=True', { anyOrder: true }),
  post(
    'dataset replicas of several',
    '/replicas/datasets_bulk',
    { dids: [did('ds1'), did('ds2')] },
    {
      anyOrder: true,
    },
  ),
  post('which DID is it', '/replicas/dids', {
    rse: 'WIRE-DISK-1',
    pfns: ['https://disk1.wire.example:443/data/wire/3d/3d/rep4.root'],
  }),
  post('a replica that may not go', '/replicas/tombstone', {
    replicas: [{ rse: 'WIRE-DISK-1', ...did('none.root') }],
  }),
  post('a replica may go', '/replicas/tombstone', {
    replicas: [{ rse: 'WIRE-DISK-1', ...did('rep4.root') }],
  }),
];

export const listing = [
  post('one file', '/replicas/list', list({})),
  post('one file with several copies', '/replicas/list', list({ dids: [did('rep1.root')] }), {
    ints: ['priority'],
  }),
  post('a dataset, resolved', '/replicas/list', list({ dids: [did('ds1')] })),
  post(
    'a container, with parents',
    '/replicas/list',
    list({ dids: [did('top')], resolve_parents: true }),
  ),
  post(
    'on these RSEs only',
    '/replicas/list',
    list({ dids: [did('rep1.root')], rse_expression: 'WIRE-DISK-2' }),
  ),
  post('a file without a copy there', '/replicas/list', list({ rse_expression: 'WIRE-TAPE' })),
  post(
    'a dataset without a copy there',
    '/replicas/list',
    list({ dids: [did('ds1')], rse_expression: 'WIRE-TAPE' }),
  ),
  post('over a scheme that is not there', '/replicas/list', list({ schemes: ['root'] })),
  post('over a scheme that is there', '/replicas/list', list({ schemes: ['https'] })),
  post('by the local network', '/replicas/list', list({ domain: 'lan' })),
  post('an unknown DID', '/replicas/list', list({ dids: [did('none.root')] })),
  post(
    'an unknown DID and a known one',
    '/replicas/list',
    list({ dids: [did('none.root'), did('run1.root')] }),
  ),
  post('no DIDs', '/replicas/list', list({ dids: [] })),
  post('no list of DIDs', '/replicas/list', {}),
  post('an order that does not exist', '/replicas/list', list({ sort: 'colour' })),
  post('an expression that is none', '/replicas/list', list({ rse_expression: 'tier==1' })),
  get('one DID by its path', '/replicas/wire/run1.root'),
  post('as a metalink', '/replicas/list', list({}), METALINK),
  post(
    'a container as a metalink, with parents',
    '/replicas/list',
    list({ dids: [did('top')], resolve_parents: true }),
    METALINK,
  ),
  post('nothing as a metalink', '/replicas/list', list({ dids: [did('none.root')] }), METALINK),
];
