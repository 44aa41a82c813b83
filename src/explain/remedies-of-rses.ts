import { type Remedy } from './explanation.js';
import { part, remedy } from './remedy.js';

/** What an RSE may be closed for, and what opens it again. */
const OPENED = {
  availability_read: (rse: string) => `open ${rse} for reading`,
  availability_write: (rse: string) => `open ${rse} for writing`,
  availability_delete: (rse: string) => `allow deletions at ${rse}`,
} as const;

/** What can be done with an RSE. */
export const forRse = {
  open: (rse: string, key: keyof typeof OPENED): Remedy =>
    remedy({
      what: OPENED[key](rse),
      who: 'admin',
      method: 'PUT',
      path: `/rses/${part(rse)}`,
      body: { [key]: true },
      command: `rucio rse update ${rse} --key ${key} --value True`,
    }),
  limit: (rse: string, name: string, value: bigint): Remedy =>
    remedy({
      what: `allow more space at ${rse}`,
      who: 'admin',
      method: 'PUT',
      path: `/rses/${part(rse)}/limits`,
      body: { name, value },
      command: `rucio rse limit set ${rse} --limit ${name} ${value}`,
    }),
} as const;

/** More transfers at once by a limit of an expression. */
export const allowTransfers = (limit: {
  readonly expression: string;
  readonly activity: string | null;
  readonly direction: 'source' | 'destination';
  readonly maxTransfers: number;
}): Remedy =>
  remedy({
    what: `allow ${limit.maxTransfers} transfers at once ${limit.direction === 'source' ? 'from' : 'to'} ${limit.expression}`,
    who: 'admin',
    method: 'PUT',
    path: '/requests/transfer_limits',
    body: {
      rse_expression: limit.expression,
      activity: limit.activity ?? 'all_activities',
      direction: limit.direction.toUpperCase(),
      max_transfers: limit.maxTransfers,
    },
  });
