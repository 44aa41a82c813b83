import { del, get, post, put } from './tell.mjs';

const file = (name, bytes, adler32, more = {}) => ({
  scope: 'lives',
  name,
  bytes,
  adler32,
  ...more,
});
const did = (name, scope = 'lives') => ({ scope, name });
const sample = (output, nbfiles, input = 'whole') => ({
  input_scope: 'lives',
  input_name: input,
  output_scope: 'lives',
  output_name: output,
  nbfiles,
});

/** States of names, archives, samples, and what comes back. */
export const lives = [
  post('a scope of its own', '/accounts/root/scopes/lives'),
  post('a dataset with its files', '/dids/lives/whole', {
    type: 'DATASET',
    rse: 'WIRE-DISK-1',
    dids: [file('l1', 10, '0000000a'), file('l2', 20, '0000000b'), file('l3', 30, '0000000c')],
  }),
  get('the status of a file', '/dids/lives/l1/status'),
  get('the status of nothing', '/dids/lives/none/status'),
  put('an open dataset cannot be opened', '/dids/lives/whole/status', { open: true }),
  put('a status of no kind', '/dids/lives/whole/status', {}),

  post('a sample', '/dids/sample', sample('part', '2')),
  post('a sample that is there already', '/dids/sample', sample('part', '2')),
  post('a sample of nothing', '/dids/sample', sample('part2', '2', 'none')),
  post('a sample of all and more', '/dids/sample', sample('all', '100')),
  get('which has them all', '/dids/lives/all/dids', { anyOrder: true }),
  post('a sample without a number', '/dids/sample', {
    ...sample('part3', '1'),
    nbfiles: undefined,
  }),
  post('a sample as older clients ask', '/dids/lives/whole/lives/old/3/sample'),
  get('which is the same', '/dids/lives/old/dids', { anyOrder: true }),
  post("a sample into somebody else's scope", '/dids/sample', sample('part4', '1'), {
    as: 'wire-alice',
  }),

  post('an archive', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: [file('pack.zip', 100, '0000000d'), file('plain', 100, '0000000e')],
  }),
  post('files come into an archive, one of them new', '/dids/lives/pack.zip/dids', {
    dids: [file('m1', 1, '0000000f', { meta: { events: 7 } }), did('l1')],
  }),
  get('the content of an archive', '/archives/lives/pack.zip/files', { anyOrder: true }),
  get('the content of what is no archive', '/archives/lives/plain/files'),
  get('the content of no archive at all', '/archives/lives/none/files'),
  post('a dataset does not come into an archive', '/dids/lives/pack.zip/dids', {
    dids: [did('whole')],
  }),
  post('nothing comes into a file that is named otherwise', '/dids/lives/plain/dids', {
    dids: [did('l1')],
  }),
  get('a member says so', '/dids/lives/m1/meta'),
  post('a member goes into a dataset like any file', '/dids/lives/part2', {
    type: 'DATASET',
    dids: [did('m1')],
  }),

  post('two containers', '/dids', [
    { ...did('box'), type: 'CONTAINER' },
    { ...did('shelf'), type: 'CONTAINER' },
  ]),
  post('two kinds at once', '/dids/lives/shelf/dids', { dids: [did('box'), did('whole')] }),
  post('a dataset in a container', '/dids/lives/box/dids', { dids: [did('whole')] }),
  post('a container in a container', '/dids/lives/shelf/dids', { dids: [did('box')] }),
  post('a circle', '/dids/lives/box/dids', { dids: [did('shelf')] }),
  del('not from itself', '/dids/lives/box/dids', { dids: [did('box')] }),
  del('not from what is empty', '/dids/lives/none/dids', { dids: [did('whole')] }),
  put('a container is closed', '/dids/lives/shelf/status', { open: false }),
  get('a closed container', '/dids/lives/shelf'),
  post('and takes nothing', '/dids/lives/shelf/dids', { dids: [did('part')] }),
  put('a container is opened again', '/dids/lives/shelf/status', { open: true }),
  post('attachments of nothing', '/dids/attachments', { attachments: [], ignore_duplicate: false }),
  post('files of nothing', '/dids/bulkfiles', { dids: [] }),

  post('one that expires at once', '/dids/lives/brief', { type: 'DATASET', lifetime: -1 }),
  post('it is brought back', '/dids/resurrect', [did('brief')]),
  get('and expires no more', '/dids/lives/brief?dynamic_depth=FILE'),
  post('what lives is not brought back', '/dids/resurrect', [did('brief')]),
  post('nor what never was', '/dids/resurrect', [did('never')]),
  post('nothing is brought back', '/dids/resurrect', []),
  post('not by everybody', '/dids/resurrect', [did('brief')], { as: 'wire-alice' }),
  del('one follows no more', '/dids/lives/whole/follow', { account: 'root' }),
  del(
    'nobody ends it for others',
    '/dids/lives/whole/follow',
    { account: 'root' },
    {
      as: 'wire-alice',
    },
  ),
];
