import { webdav } from './rses.mjs';
import { at, get, post } from './tell.mjs';

const RUN = '/wirevo/wireraw/2026/run1';
const did = (path) => `/dids/${at(path.split('/')[2] ?? path.split('/')[1], path)}`;
const lfn = (path, more = {}) => ({
  lfn: path,
  rse: 'WIRE-LFN',
  bytes: 1000,
  adler32: '0cc737eb',
  ...more,
});
const add = (title, lfns, more = {}, options = {}) =>
  post(title, '/dirac/addfiles', { lfns, ignore_availability: true, ...more }, options);

/** Speaks of nothing that other chapters made, but for an account: it may be told almost alone. */
export const dirac = [
  post('the scope of the VO', '/accounts/root/scopes/wirevo'),
  post('the scope of its second directory', '/accounts/root/scopes/wireraw'),
  post('an RSE for DIRAC', '/rses/WIRE-LFN', {}),
  post('its protocol', '/rses/WIRE-LFN/protocols/https', webdav('lfn.wire.example')),
  post('where directories may be', '/rses/WIRE-LFN/attr/ANY', { value: true }),
  post('room for root', '/accounts/root/limits/local/WIRE-LFN', { bytes: -1 }),
  // Rucio fails where it is missing.
  post('the directory of the VO is made', did('/wirevo'), { type: 'CONTAINER' }),
  add(
    'files with their directories',
    [
      lfn(`${RUN}/f1`, { guid: '5e1a6c1b0f3d4b8ea1a2b3c4d5e6f701', meta: { run_number: 25291 } }),
      lfn(`${RUN}/f2`),
    ],
    { parents_metadata: { [RUN]: { campaign: 'arca' }, '/wirevo/none': { campaign: 'orca' } } },
  ),
  get('the directory of the VO', `${did('/wirevo')}/dids`),
  get('the one below it', `${did('/wirevo/wireraw')}/dids`),
  get('the one that has the dataset', `${did('/wirevo/wireraw/2026')}/dids`),
  get('the files', `${did(RUN)}/dids`, { anyOrder: true }),
  get('a file as it is described', `${did(`${RUN}/f1`)}/meta`),
  get('its dataset as it is described', `${did(RUN)}/meta`),
  get('the rule of a file', `${did(`${RUN}/f1`)}/rules`),
  get('the rule of its dataset', `${did(RUN)}/rules`),
  add('a known file and a new one', [lfn(`${RUN}/f1`, { bytes: 7 }), lfn(`${RUN}/f3`)]),
  get('the known one is as it was', did(`${RUN}/f1`)),
  add('a known file alone', [lfn(`${RUN}/f1`)]),
  add('no files', []),
  add('a file where directories are', [lfn('/wirevo/wireraw/2026/f1')]),
  add('a directory where files are', [lfn(`${RUN}/more/f1`)]),
  add('a file at an unknown RSE', [lfn(`${RUN}/f4`, { rse: 'WIRE-NONE' })]),
  add('a file in an unknown scope', [lfn('/wirevo/wirenone/run1/f1')]),
  add('a file of somebody else', [lfn(`${RUN}/f4`)], {}, { as: 'wire-alice' }),
  post('no list', '/dirac/addfiles', { ignore_availability: true }),
];
