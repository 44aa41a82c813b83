import { get, post } from './tell.mjs';

const did = (name, scope = 'wire') => ({ scope, name });
const at = (name, rse) => ({ ...did(name), rse });
const file = (name) => ({ ...did(name), bytes: 100, adler32: '0bad0bad' });
/** At an RSE whose paths are registered: a name says nothing. */
const odd = (name) => `https://odd.wire.example:443/data/some/where/${name}`;
const bad = (replicas, more = {}) => ({ replicas, reason: 'a broken disk', ...more });
const pfns = (state, named, more = {}) => ({ pfns: named, state, reason: 'why', ...more });

/** What is said of replicas. The reference's daemons do not run: what they would do is not asked for. */
export const badReplicas = [
  post('an RSE without computed paths', '/rses/WIRE-ODD', { deterministic: false }),
  post('its protocol', '/rses/WIRE-ODD/protocols/https', {
    hostname: 'odd.wire.example',
    port: 443,
    prefix: '/data/',
    impl: 'rucio.rse.protocols.webdav.Default',
    domains: {
      lan: { read: 1, write: 1, delete: 1 },
      wan: { read: 1, write: 1, delete: 1 },
    },
  }),
  post('copies there', '/replicas', {
    rse: 'WIRE-ODD',
    files: ['bad1', 'bad2', 'bad3', 'bad4', 'bad5', 'bad6'].map((name) => ({
      ...file(name),
      pfn: odd(name),
    })),
    ignore_availability: true,
  }),
  post('other copies', '/replicas', {
    rse: 'WIRE-DISK-1',
    files: ['bad1', 'bad2', 'bad3', 'bad4'].map(file),
    ignore_availability: true,
  }),
  post('the files behind physical names', '/replicas/dids', {
    rse: 'WIRE-ODD',
    pfns: [odd('bad1'), odd('bad2')],
  }),
  post('suspicious copies', '/replicas/suspicious', { pfns: [odd('bad1')], reason: 'slow' }),
  post('the same again', '/replicas/suspicious', { pfns: [odd('bad1')], reason: 'slower' }),
  post('a suspicious copy that is none', '/replicas/suspicious', {
    pfns: [odd('nothing')],
    reason: 'slow',
  }),
  post('suspicious at no RSE', '/replicas/suspicious', {
    pfns: ['https://nowhere.example:443/x/y'],
    reason: 'slow',
  }),
  get('what is suspicious', '/replicas/suspicious'),
  get('what is suspicious more than once', '/replicas/suspicious?nattempts=1'),
  get('what is suspicious more often', '/replicas/suspicious?nattempts=2'),
  get('what is suspicious at an RSE', '/replicas/suspicious?rse_expression=WIRE-DISK-1'),
  post('bad copies by physical name', '/replicas/bad', bad([odd('bad1')])),
  post('the same once more', '/replicas/bad', bad([odd('bad1')])),
  post('the same by force', '/replicas/bad', bad([odd('bad1')], { force: true })),
  post('a bad copy that is none', '/replicas/bad', bad([odd('nothing')])),
  post('bad at no RSE', '/replicas/bad', bad(['https://nowhere.example:443/x/y'])),
  post('bad copies by name', '/replicas/bad', bad([at('bad2', 'WIRE-ODD')])),
  post('an unknown name', '/replicas/bad', bad([at('nothing', 'WIRE-ODD')])),
  post('an unknown RSE', '/replicas/bad', bad([at('bad2', 'WIRE-NONE')])),
  post('bad copies by somebody else', '/replicas/bad', bad([odd('bad3')]), { as: 'wire-alice' }),
  post('bad copies of one RSE', '/replicas/bad/dids', {
    rse: 'WIRE-ODD',
    dids: [did('bad3')],
    reason: 'x',
  }),
  post('unknown ones of one RSE', '/replicas/bad/dids', {
    rse: 'WIRE-ODD',
    dids: [did('nothing')],
    reason: 'x',
  }),
  post('the states of a file', '/replicas/list', { dids: [did('bad1')], all_states: true }),
  post('what can be read of it', '/replicas/list', { dids: [did('bad1')], all_states: false }),
  post('physical names that rest', '/replicas/bad/pfns', {
    ...pfns('TEMPORARY_UNAVAILABLE', [odd('bad4')]),
  }),
  post('a state that is none', '/replicas/bad/pfns', pfns('BROKEN', [odd('bad4')])),
  post('an end of what is bad', '/replicas/bad/pfns', {
    ...pfns('BAD', [odd('bad4')]),
    expires_at: '2099-01-01T00:00:00.000000',
  }),
  post('an end too far away', '/replicas/bad/pfns', {
    ...pfns('TEMPORARY_UNAVAILABLE', [odd('bad4')]),
    expires_at: '2099-01-01T00:00:00.000000',
  }),
  post('bad physical names by somebody else', '/replicas/bad/pfns', pfns('BAD', [odd('bad5')]), {
    as: 'wire-alice',
  }),
  get('what is bad', '/replicas/bad/states?state=B&rse=WIRE-ODD'),
  get('what is bad at an RSE that is none', '/replicas/bad/states?state=B&rse=WIRE-NONE'),
  get('physical names of what is bad', '/replicas/bad/states?state=B&rse=WIRE-ODD&list_pfns=True'),
  get('a summary of an RSE', '/replicas/bad/summary?rse_expression=WIRE-ODD'),
  get('a summary of nothing', '/replicas/bad/summary?rse_expression=WIRE-ODD&to_date=2001-01-01'),
  post('quarantine', '/replicas/quarantine', {
    rse: 'WIRE-ODD',
    rse_id: null,
    replicas: [{ path: '/dark/one' }],
  }),
  post('quarantine at an RSE that is none', '/replicas/quarantine', {
    rse: 'WIRE-NONE',
    rse_id: null,
    replicas: [{ path: '/dark/one' }],
  }),
  post(
    'quarantine by somebody else',
    '/replicas/quarantine',
    { rse: 'WIRE-ODD', rse_id: null, replicas: [{ path: '/dark/two' }] },
    { as: 'wire-alice' },
  ),
  // The reference's own daemon would draw the consequences: nothing asks for them after this.
  post('bad physical names', '/replicas/bad/pfns', pfns('BAD', [odd('bad4')])),
];
