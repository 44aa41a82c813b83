import { at, del, get, post, put } from './tell.mjs';

const file = (name, bytes, adler32, more = {}) => ({
  scope: 'wire',
  name,
  bytes,
  adler32,
  ...more,
});
const did = (name, scope = 'wire') => ({ scope, name });
const LONG = `KM3NeT_00000267_00025291_${'x'.repeat(103)}.root`;

export const dids = [
  post('a dataset', '/dids/wire/ds1', { type: 'DATASET' }),
  post('the same dataset again', '/dids/wire/ds1', { type: 'DATASET' }),
  post('a dataset of a datatype that nobody registered', '/dids/wire/ds2', {
    type: 'DATASET',
    meta: { datatype: 'WIRE-UNHEARD' },
  }),
  post('a dataset, monotonic, described, for a while', '/dids/wire/ds2', {
    type: 'DATASET',
    statuses: { monotonic: true },
    meta: { datatype: 'RAW', run_number: 25291, Production: 'TeV_low' },
    lifetime: 86400,
  }),
  post('a container', '/dids/wire/c1', { type: 'CONTAINER' }),
  post('a container above it', '/dids/wire/top', { type: 'CONTAINER' }),
  post('a name with a slash in front', `/dids/${at('wire', '/km3net/raw/ds3')}`, {
    type: 'DATASET',
  }),
  post('the same name, already decoded', '/dids/wire//km3net/raw/ds3', { type: 'DATASET' }),
  post('a file cannot be added like this', '/dids/wire/f0', { type: 'FILE' }),
  post('a type that does not exist', '/dids/wire/odd', { type: 'HEAP' }),
  post('no type', '/dids/wire/odd', {}),
  post('a name with a blank', '/dids/wire/a%20b', { type: 'DATASET' }),
  post('a name that is too long', `/dids/wire/${'n'.repeat(251)}`, { type: 'DATASET' }),
  post('an unknown scope', '/dids/wire.none/ds1', { type: 'DATASET' }),
  post(
    "a dataset in somebody else's scope",
    '/dids/wire/alice1',
    { type: 'DATASET' },
    {
      as: 'wire-alice',
    },
  ),
  post(
    'a dataset in the own scope',
    '/dids/user.wire-alice/ds1',
    { type: 'DATASET' },
    {
      as: 'wire-alice',
    },
  ),
  post('several at once', '/dids', [
    { ...did('bulk1'), type: 'DATASET' },
    { ...did('bulk2'), type: 'DATASET', meta: { campaign: 'arca' } },
  ]),
  post('several, one of them known', '/dids', [
    { ...did('bulk3'), type: 'DATASET' },
    { ...did('bulk1'), type: 'DATASET' },
  ]),
  get('then none of them is there', '/dids/wire/bulk3'),
  post('none at once', '/dids', []),
  post('files are attached and registered in one call', '/dids/wire/ds1/dids', {
    rse: 'WIRE-DISK-1',
    dids: [
      file('run1.root', 1000, '0a0b0c01', {
        meta: { guid: '2E1A6C1B0F3D4B8EA1A2B3C4D5E6F701', events: 42 },
      }),
      file('run2.root', 2000, '0a0b0c02', { md5: '00112233445566778899aabbccddeeff' }),
      file(LONG, 3000, '0a0b0c03'),
    ],
  }),
  post('a file that is already attached', '/dids/wire/ds1/dids', { dids: [did('run1.root')] }),
  post('a file that does not exist', '/dids/wire/ds1/dids', { dids: [did('none.root')] }),
  post('a file with another size', '/dids/wire/ds2/dids', {
    dids: [file('run1.root', 999, '0a0b0c01')],
  }),
  post('a file with another checksum', '/dids/wire/ds2/dids', {
    dids: [file('run1.root', 1000, '0a0b0c99')],
  }),
  post('files go into a second dataset', '/dids/wire/ds2/dids', { dids: [did('run1.root')] }),
  post('datasets go into a container', '/dids/wire/c1/dids', { dids: [did('ds1'), did('ds2')] }),
  post('a dataset that is already there', '/dids/wire/c1/dids', { dids: [did('ds1')] }),
  post('a container goes into a container', '/dids/wire/top/dids', { dids: [did('c1')] }),
  post('a file does not go into a container', '/dids/wire/c1/dids', { dids: [did('run1.root')] }),
  post('a dataset does not go into a dataset', '/dids/wire/ds1/dids', { dids: [did('ds2')] }),
  post('a container does not go into itself', '/dids/wire/c1/dids', { dids: [did('c1')] }),
  post('nothing goes into a file', '/dids/wire/run1.root/dids', { dids: [did('run2.root')] }),
  post('nothing goes into nothing', '/dids/wire/none/dids', { dids: [did('run2.root')] }),
  post('on an unknown RSE', '/dids/wire/ds1/dids', {
    rse: 'WIRE-NONE',
    dids: [file('run3.root', 1, '0a0b0c04')],
  }),
  post('attach without a list', '/dids/wire/ds1/dids', {}),
  post('several parents at once', '/dids/attachments', {
    attachments: [
      { ...did('bulk1'), dids: [did('run1.root')] },
      { ...did('bulk2'), dids: [did('run2.root')] },
    ],
    ignore_duplicate: false,
  }),
  post('the same again, told not to mind', '/dids/attachments', {
    attachments: [{ ...did('bulk1'), dids: [did('run1.root'), did('run2.root')] }],
    ignore_duplicate: true,
  }),
  post('the same again', '/dids/attachments', {
    attachments: [{ ...did('bulk1'), dids: [did('run1.root')] }],
    ignore_duplicate: false,
  }),
  get('an open dataset', '/dids/wire/ds1'),
  get('an open dataset, counted', '/dids/wire/ds1?dynamic_depth=FILE'),
  get('a container, counted', '/dids/wire/top?dynamic_depth=FILE'),
  get('a file', '/dids/wire/run1.root'),
  get('a file with a long name', `/dids/wire/${LONG}`),
  get('a name with a slash in front is read', `/dids/${at('wire', '/km3net/raw/ds3')}`),
  get('the same, already decoded', '/dids/wire//km3net/raw/ds3'),
  get('an unknown DID', '/dids/wire/none'),
  get('an unknown scope is read', '/dids/wire.none/ds1'),
  get('content', '/dids/wire/ds1/dids', { anyOrder: true }),
  get('content of a container', '/dids/wire/c1/dids', { anyOrder: true }),
  get('content of an empty dataset', `/dids/${at('wire', '/km3net/raw/ds3')}/dids`),
  get('content of an unknown DID', '/dids/wire/none/dids'),
  get('files below a container', '/dids/wire/top/files', { anyOrder: true }),
  get('files, long', '/dids/wire/ds1/files?long=True', { anyOrder: true }),
  get('a file lists itself', '/dids/wire/run1.root/files'),
  get('files of an unknown DID', '/dids/wire/none/files'),
  post(
    'files of several',
    '/dids/bulkfiles',
    { dids: [did('bulk1'), did('none'), did('bulk2')] },
    {
      anyOrder: true,
    },
  ),
  get('parents', '/dids/wire/run1.root/parents', { anyOrder: true }),
  get('parents of an unknown DID', '/dids/wire/none/parents'),
  get('datasets by the GUID of a file', '/dids/2e1a6c1b0f3d4b8ea1a2b3c4d5e6f701/guid', {
    anyOrder: true,
  }),
  get('no such GUID', '/dids/2e1a6c1b0f3d4b8ea1a2b3c4d5e6f7ff/guid'),
  get('the scope', '/dids/wire/', { anyOrder: true }),
  get('the scope, to the bottom', '/dids/wire/?recursive=True', { anyOrder: true }),
  get('the scope below a name', '/dids/wire/?name=c1', { anyOrder: true }),
  get('the scope below an unknown name', '/dids/wire/?name=none'),
  del('a file is detached', '/dids/wire/bulk1/dids', { dids: [did('run2.root')] }),
  del('a file that is not attached', '/dids/wire/bulk1/dids', { dids: [did('run2.root')] }),
  del('from an unknown parent', '/dids/wire/none/dids', { dids: [did('run2.root')] }),
  del('from a file', '/dids/wire/run1.root/dids', { dids: [did('run2.root')] }),
  get('what was attached once', '/dids/wire/bulk1/dids/history', { anyOrder: true }),
  put('a dataset is closed', '/dids/wire/bulk2/status', { open: false }),
  put('it is closed already', '/dids/wire/bulk2/status', { open: false }),
  get('a closed dataset', '/dids/wire/bulk2'),
  post('a closed dataset takes nothing', '/dids/wire/bulk2/dids', { dids: [did('run1.root')] }),
  put('a file cannot be closed', '/dids/wire/run1.root/status', { open: false }),
  put('an unknown DID cannot be closed', '/dids/wire/none/status', { open: false }),
  put('a status that does not exist', '/dids/wire/ds1/status', { asleep: true }),
  put(
    "somebody else's dataset is not closed",
    '/dids/wire/ds1/status',
    { open: false },
    {
      as: 'wire-alice',
    },
  ),
  get('rules of a DID that has none', '/dids/wire/ds1/rules'),
  get('rules of an unknown DID', '/dids/wire/none/rules'),
  get('rules that hold a file', '/dids/wire/run1.root/associated_rules'),
];
