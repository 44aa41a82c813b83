import { del, get, post, put } from './tell.mjs';

const SHARED = 'wire-several';
const accounts = ['wire-uno', 'wire-due'];

const logIn = (headers = {}, password = '{password}') => ({
  as: null,
  headers: { 'X-Rucio-Username': SHARED, 'X-Rucio-Password': password, ...headers },
});
const identity = { identity: SHARED, authtype: 'USERPASS' };
const MANY = 'X-Rucio-Allow-Return-Multiple-Accounts';
const who = { as: null, headers: { 'X-Rucio-Account': 'wire-uno' } };

/** One user name for several accounts, and the ways to log in that are not by user name and password. */
export const logins = [
  ...accounts.map((account) =>
    post(`${account} is made`, `/accounts/${account}`, { type: 'USER', email: null }),
  ),
  post('the first account of a user name', `/accounts/wire-uno/identities`, {
    ...identity,
    ...{ email: 'several@wire.example', default: false, password: '{password}' },
  }),
  get('one account needs no choice', '/auth/userpass', logIn()),
  post('the second account of a user name', `/accounts/wire-due/identities`, {
    ...identity,
    ...{ email: 'several@wire.example', default: false, password: '{password}' },
  }),
  get('several accounts are a choice', '/auth/userpass', {
    ...logIn(),
    anyOrder: true,
  }),
  get('several accounts for who can choose', '/auth/userpass', logIn({ [MANY]: 'True' })),
  get('several accounts for who cannot choose', '/auth/userpass', logIn({ [MANY]: 'False' })),
  get('one of several accounts', '/auth/userpass', logIn({ 'X-Rucio-Account': 'wire-due' })),
  get('none of several accounts', '/auth/userpass', logIn({ 'X-Rucio-Account': 'root' })),
  get('several accounts and a wrong password', '/auth/userpass', logIn({}, 'not-this')),
  put('one of several accounts is suspended', '/accounts/wire-due', { status: 'SUSPENDED' }),
  get('a suspended account among several', '/auth/userpass', logIn()),
  get(
    'a suspended account by its name',
    '/auth/userpass',
    logIn({ 'X-Rucio-Account': 'wire-due' }),
  ),
  del('an identity is taken from one account', '/accounts/wire-due/identities', identity),
  get('an account that has lost the identity', '/auth/userpass', {
    ...logIn({ 'X-Rucio-Account': 'wire-due' }),
  }),
  get('by certificate without one', '/auth/x509', who),
  get('by proxy without one', '/auth/x509_proxy', who),
  get('by Kerberos without a ticket', '/auth/gss', who),
  get('by ssh without a signature', '/auth/ssh', who),
  get('a challenge for ssh', '/auth/ssh_challenge_token', who),
  get('by SAML', '/auth/saml', who),
  get('by OpenID where there is none', '/auth/oidc', who),
  get('a code of OpenID where there is none', '/auth/oidc_code', who),
  get('back from OpenID where there is none', '/auth/oidc_redirect', who),
  get('a token of OpenID anew where there is none', '/auth/oidc_refresh', who),
  get('a way that nobody knows', '/auth/wire-no-such-way', who),
];
