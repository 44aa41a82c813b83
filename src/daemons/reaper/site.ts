import { type Config } from '../../config/index.js';
import { type StorageDriver } from '../../protocols/index.js';
import { type Rse } from '../../rses/index.js';
import { type Shift } from '../runtime/index.js';
import { type Clock } from './lease.js';

/** One RSE's reaper for one shift. */
export interface Site {
  readonly shift: Shift;
  readonly config: Config['reaper'];
  readonly rse: Rse;
  readonly driver: StorageDriver;
  readonly clock: Clock;
}

/** `urgent` copies go at once, `cached` ones where the RSE is greedy or lacks space. */
export type Kind = 'urgent' | 'cached';

/** Two reapers that gave back each other's last copies must not meet again at the same moment. */
export const laterThan = (now: Date, { retrySeconds }: Config['reaper']): Date =>
  new Date(now.getTime() + retrySeconds * 1000 * (0.75 + Math.random() / 2));
