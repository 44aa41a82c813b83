/** The story in its order: later chapters speak of what earlier ones made. */
import { accounts } from './accounts.mjs';
import { auth } from './auth.mjs';
import { badReplicas } from './bad.mjs';
import { config } from './config.mjs';
import { dids } from './dids.mjs';
import { dirac } from './dirac.mjs';
import { limits } from './limits.mjs';
import { lives } from './lives.mjs';
import { logins } from './logins.mjs';
import { conventions, metadata } from './metadata.mjs';
import { operators } from './operators.mjs';
import { listing, replicas } from './replicas.mjs';
import { rses } from './rses.mjs';
import { rules } from './rules.mjs';
import { searching } from './search.mjs';
import { subscriptions } from './subscriptions.mjs';

export const chapters = [
  { name: 'auth', exchanges: auth },
  { name: 'accounts', exchanges: accounts },
  { name: 'rses', exchanges: rses },
  { name: 'limits', exchanges: limits },
  { name: 'conventions', exchanges: conventions },
  { name: 'dids', exchanges: dids },
  { name: 'search', exchanges: searching },
  { name: 'metadata', exchanges: metadata },
  { name: 'replicas', exchanges: replicas },
  { name: 'listing', exchanges: listing },
  { name: 'rules', exchanges: rules },
  { name: 'config', exchanges: config },
  { name: 'subscriptions', exchanges: subscriptions },
  { name: 'bad-replicas', exchanges: badReplicas },
  { name: 'operators', exchanges: operators },
  { name: 'lives', exchanges: lives },
  { name: 'dirac', exchanges: dirac },
  { name: 'logins', exchanges: logins },
];
