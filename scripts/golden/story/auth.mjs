import { del, get } from './tell.mjs';

const login = (account, username, password) => ({
  as: null,
  headers: {
    ...(account === null ? {} : { 'X-Rucio-Account': account }),
    ...(username === null ? {} : { 'X-Rucio-Username': username }),
    ...(password === null ? {} : { 'X-Rucio-Password': password }),
  },
});

export const auth = [
  get('ping needs no token', '/ping', { as: null }),
  get(
    'a name and a password give a token in a header',
    '/auth/userpass',
    login('root', '{rootUser}', '{rootPassword}'),
  ),
  get(
    'without an account the identity speaks for its own',
    '/auth/userpass',
    login(null, '{rootUser}', '{rootPassword}'),
  ),
  get('a wrong password', '/auth/userpass', login('root', '{rootUser}', 'not-this')),
  get('an unknown user', '/auth/userpass', login('root', 'wire-nobody', 'not-this')),
  get(
    'the right password for another account',
    '/auth/userpass',
    login('wire-nobody', '{rootUser}', '{rootPassword}'),
  ),
  get('no user name', '/auth/userpass', login('root', null, null)),
  get('a user name without a password', '/auth/userpass', login('root', '{rootUser}', null)),
  get('a token is valid', '/auth/validate'),
  get('no token to validate', '/auth/validate', { as: null }),
  get('a token nobody gave is not valid', '/auth/validate', {
    as: null,
    headers: { 'X-Rucio-Auth-Token': 'wire-no-token' },
  }),
  get('a call without a token', '/accounts/whoami', { as: null }),
  get('a call with an empty token', '/accounts/whoami', {
    as: null,
    headers: { 'X-Rucio-Auth-Token': '' },
  }),
  get('a call with a token nobody gave', '/accounts/whoami', {
    as: null,
    headers: { 'X-Rucio-Auth-Token': 'wire-no-token' },
  }),
  get('whoami points to the account', '/accounts/whoami'),
  get('an unknown path', '/wire-no-such-path'),
  del('a method that a path does not have', '/ping'),
  get('an answer type that the client does not take', '/accounts/root', {
    headers: { Accept: 'text/csv' },
  }),
  get('the client takes the type among others', '/ping', {
    as: null,
    headers: { Accept: 'text/csv, application/json' },
  }),
];
