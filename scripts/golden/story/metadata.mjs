import { at, del, get, post } from './tell.mjs';

const did = (name) => ({ scope: 'wire', name });

export const metadata = [
  get('built-in metadata of a dataset', '/dids/wire/ds2/meta?plugin=DID_COLUMN'),
  get('built-in metadata of a file', '/dids/wire/run1.root/meta'),
  get('own metadata', '/dids/wire/ds2/meta?plugin=JSON'),
  get('no own metadata', '/dids/wire/ds1/meta?plugin=JSON'),
  get('all of it', '/dids/wire/ds2/meta?plugin=ALL'),
  get('metadata of an unknown DID', '/dids/wire/none/meta'),
  get('metadata by a plugin that is not there', '/dids/wire/ds2/meta?plugin=MONGO'),
  post('a built-in key', '/dids/wire/ds1/meta/campaign', { value: 'orca', recursive: false }),
  post('an own key that is a number', '/dids/wire/ds1/meta/NumberShowers', {
    value: 2500,
    recursive: false,
  }),
  post('an own key that is a text', '/dids/wire/ds1/meta/Production', {
    value: 'TeV_low',
    recursive: false,
  }),
  post('several keys', '/dids/wire/ds1/meta', {
    meta: { datatype: 'RAW', detector: 'D0ARCA030', zenith: 20.5 },
    recursive: false,
  }),
  post('a name with a slash in front', `/dids/${at('wire', '/km3net/raw/ds3')}/meta/detector`, {
    value: 'D0ORCA018',
    recursive: false,
  }),
  post('an unknown DID', '/dids/wire/none/meta/campaign', { value: 'orca', recursive: false }),
  post('a key that is reserved', '/dids/wire/ds1/meta/did_type', {
    value: 'FILE',
    recursive: false,
  }),
  post('a key with a dot', '/dids/wire/ds1/meta/a.b', { value: 1, recursive: false }),
  post('no value', '/dids/wire/ds1/meta/campaign', {}),
  post('a lifetime', '/dids/wire/ds1/meta/lifetime', { value: 86400, recursive: false }),
  post('no lifetime', '/dids/wire/ds1/meta/lifetime', { value: null, recursive: false }),
  post('several DIDs', '/dids/bulkdidsmeta', {
    dids: [
      { ...did('bulk1'), meta: { NumberShowers: 1000, Production: 'TeV_low' } },
      { ...did('bulk2'), meta: { NumberShowers: 3000, Production: 'TeV_high' } },
    ],
    recursive: false,
  }),
  post('several DIDs, one unknown', '/dids/bulkdidsmeta', {
    dids: [
      { ...did('bulk1'), meta: { NumberShowers: 1 } },
      { ...did('none'), meta: { NumberShowers: 1 } },
    ],
    recursive: false,
  }),
  get('what was set', '/dids/wire/ds1/meta?plugin=JSON'),
  get('the first of several is as it was', '/dids/wire/bulk1/meta?plugin=JSON'),
  post('metadata of several', '/dids/bulkmeta', { dids: [did('ds2'), did('none'), did('ds1')] }),
  post(
    'own metadata of several',
    '/dids/bulkmeta',
    {
      dids: [did('bulk1'), did('bulk2')],
      plugin: 'JSON',
    },
    { anyOrder: true },
  ),
  post('metadata of none', '/dids/bulkmeta', { dids: [] }),
  post('metadata without a list', '/dids/bulkmeta', {}),
  get(
    'found by own metadata',
    '/dids/wire/dids/search?type=dataset&long=False&filters=%5B%7B%27Production%27%3A+%27TeV_low%27%2C+%27NumberShowers.gte%27%3A+%272000%27%7D%5D',
  ),
  get(
    'found by a built-in key',
    '/dids/wire/dids/search?type=dataset&long=False&filters=%5B%7B%27campaign%27%3A+%27or%2A%27%7D%5D',
  ),
  get(
    'found by a number with a point',
    '/dids/wire/dids/search?type=dataset&long=False&filters=%5B%7B%27zenith.lt%27%3A+21.0%7D%5D',
  ),
  del('an own key is deleted', '/dids/wire/ds1/meta?key=zenith'),
  del('a key that is not there', '/dids/wire/ds1/meta?key=zenith'),
  del('a key of an unknown DID', '/dids/wire/none/meta?key=zenith'),
  get('what is left', '/dids/wire/ds1/meta?plugin=JSON'),
];

export const conventions = [
  get('no keys', '/meta_conventions/'),
  post('a key that datasets are held to', '/meta_conventions/datatype', { key_type: 'ALL' }),
  post('its value', '/meta_conventions/datatype/', { value: 'RAW' }),
  post('a key', '/meta_conventions/wire_stream', {
    key_type: 'ALL',
    value_type: null,
    value_regexp: null,
  }),
  post('the same key again', '/meta_conventions/wire_stream', { key_type: 'ALL' }),
  post('a key for datasets, by its letter', '/meta_conventions/wire_detector', {
    key_type: 'D',
    value_regexp: '^D[01](ARCA|ORCA)[0-9]{3}$',
  }),
  post('a key of no known kind', '/meta_conventions/wire_odd', { key_type: 'HEAP' }),
  post(
    'a key is refused to somebody else',
    '/meta_conventions/wire_odd',
    { key_type: 'ALL' },
    {
      as: 'wire-alice',
    },
  ),
  get('keys', '/meta_conventions/', { anyOrder: true }),
  post('a value', '/meta_conventions/wire_stream/', { value: 'physics' }),
  post('the same value again', '/meta_conventions/wire_stream/', { value: 'physics' }),
  post('a value that fits', '/meta_conventions/wire_detector/', { value: 'D0ARCA030' }),
  post('a value that does not fit', '/meta_conventions/wire_detector/', { value: 'ICECUBE' }),
  post('a value of an unknown key', '/meta_conventions/wire_none/', { value: 'physics' }),
  get('values', '/meta_conventions/wire_stream/'),
  get('values of an unknown key', '/meta_conventions/wire_none/'),
];
