import { del, get, post } from './tell.mjs';

const local = (rse) => `/accounts/wire-alice/limits/local/${rse}`;
const global = (expression) => `/accounts/wire-alice/limits/global/${expression}`;

export const limits = [
  get('no limits yet', '/accounts/wire-alice/limits/local'),
  get('a limit that is not set', local('WIRE-DISK-1')),
  post('a limit', local('WIRE-DISK-1'), { bytes: 5000 }),
  post('the limit changes', local('WIRE-DISK-1'), { bytes: 10000 }),
  post('no bound', local('WIRE-DISK-2'), { bytes: -1 }),
  post('a limit without bytes', local('WIRE-DISK-1'), {}),
  post('a limit on an unknown RSE', local('WIRE-NONE'), { bytes: 1 }),
  post('a limit for an unknown account', '/accounts/wire-nobody/limits/local/WIRE-DISK-1', {
    bytes: 1,
  }),
  post(
    'a limit is refused to its own account',
    local('WIRE-DISK-1'),
    { bytes: 99 },
    {
      as: 'wire-alice',
    },
  ),
  get('a limit is read', local('WIRE-DISK-1')),
  get('all limits', '/accounts/wire-alice/limits/local'),
  del('a limit is deleted', local('WIRE-DISK-2')),
  get('limits after that', '/accounts/wire-alice/limits/local'),
  post('a limit over an expression', global('tier%3D1'), { bytes: 20000 }),
  get('limits over expressions', '/accounts/wire-alice/limits/global', { anyOrder: true }),
  get('one of them', global('tier%3D1')),
  get('usage of an account', '/accounts/wire-alice/usage/local', { as: 'wire-alice' }),
  get('usage on one RSE', '/accounts/wire-alice/usage/local/WIRE-DISK-1'),
  get('usage over expressions', '/accounts/wire-alice/usage/global'),
  get('usage on an unknown RSE', '/accounts/wire-alice/usage/local/WIRE-NONE'),
  get("somebody else's usage", '/accounts/root/usage/local', { as: 'wire-alice' }),
  del('the limit over the expression is deleted', global('tier%3D1')),
  post('root has room on the first disk', '/accounts/root/limits/local/WIRE-DISK-1', {
    bytes: 1000000000,
  }),
  post('root has room on the second disk', '/accounts/root/limits/local/WIRE-DISK-2', {
    bytes: 1000000000,
  }),
];
