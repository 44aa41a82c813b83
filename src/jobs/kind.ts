import { type Tx } from '../db/index.js';
import { type SluiceError } from '../errors/index.js';
import { type JobKind } from '../vocabulary/index.js';
import { type Job, type JobTerms, type Outcome } from './job.js';

/** One slice of a step, in a transaction that holds the job. */
export type Step<Kind extends JobKind> = (
  tx: Tx,
  job: Job<Kind>,
  terms: JobTerms,
) => Promise<Outcome>;

/** How the jobs of one kind go. */
export interface KindOfJob<Kind extends JobKind> {
  readonly first: string;
  readonly steps: Readonly<Record<string, Step<Kind>>>;
  /**
   * What to do about a slice that was refused for something that a client can be told; undefined: the
   * job has failed. In a transaction of its own: the slice has left nothing behind.
   */
  readonly refuse?: (
    tx: Tx,
    job: Job<Kind>,
    error: SluiceError,
    terms: JobTerms,
  ) => Promise<Outcome | undefined>;
}

/** What a fact is called and says, for people. */
export const reasonOf = (error: SluiceError): string => `${error.name}: ${error.message}`;
