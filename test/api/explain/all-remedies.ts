import * as ofAccounts from '../../../src/explain/remedies-of-accounts.js';
import * as ofCopies from '../../../src/explain/remedies-of-copies.js';
import * as ofDids from '../../../src/explain/remedies-of-dids.js';
import { allowTransfers, forRse } from '../../../src/explain/remedies-of-rses.js';
import { forRule } from '../../../src/explain/remedies-of-rules.js';
import { type Remedy } from './stage.js';

const did = { scope: 's', name: 'n' };
const copy = { ...did, rse: 'R' };
const limit = { expression: 'R', activity: null, maxTransfers: 1 } as const;
/** One of each that can be told. */
export const allRemedies = [
  forRule.tryAgain('i'),
  forRule.resume('i'),
  forRule.stayInPhase('i'),
  forRule.approve('i'),
  forRule.deny('i'),
  forRule.keepForEver('i'),
  forRule.detachChild('i'),
  forRule.unlock('i'),
  forRule.hurry('i', 5),
  forRule.anySource('i'),
  forRule.moveTo('i', 'R', 'w'),
  forRule.restore('i'),
  forRule.placeAnew('i', null),
  forRule.end('i'),
  forRse.open('R', 'availability_read'),
  forRse.open('R', 'availability_write'),
  forRse.open('R', 'availability_delete'),
  forRse.limit('R', 'MaxSpaceAvailable', 1n),
  allowTransfers({ ...limit, direction: 'source' }),
  allowTransfers({ ...limit, direction: 'destination' }),
  ofAccounts.raiseQuota('a', 'R', 1n),
  ofAccounts.raiseGlobalQuota('a', 'R', 1n),
  ofAccounts.reactivate('a'),
  ofDids.addRule(did, 'R', 'w'),
  ofDids.detach(did, [did], 1n),
  ofDids.keepDid(did),
  ofCopies.declareBad([copy], 'r'),
  ofCopies.sayThere(copy),
  ofCopies.letGo(copy),
];

// What a path has besides names.
const WORDS =
  /^(rules|move|restore|rses|limits|requests|transfer_limits|accounts|local|global|replicas|bad|tombstone|dids|meta|lifetime)$/;
/** The request without its names: `POST /rules/…/move rse_expression`. */
export const shapeOf = ({
  method,
  path,
  body,
}: Pick<Remedy, 'method' | 'path' | 'body'>): string => {
  const { options, ...rest } = (body ?? {}) as { options?: object };
  const keys = Object.keys(options ?? rest).sort();
  const words = path.split('/').map((word) => (WORDS.test(word) ? word : '…'));
  return `${method} ${words.join('/')} ${keys.join()}`;
};

const makers = [ofAccounts, ofCopies, ofDids].flatMap((room) => Object.keys(room));
/** How many there are: an RSE is opened for three things, and limits have two ends. */
export const kindsOfRemedies = Object.keys(forRule).length + 3 + 1 + 2 + makers.length;
