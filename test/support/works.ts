import { foreman } from '../../src/daemons/foreman.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeInjector } from '../../src/daemons/judge/injector.js';
import { type Config } from '../../src/config/index.js';
import { type Tally } from '../../src/daemons/runtime/index.js';
import { type Database, execute, sql } from '../../src/db/index.js';
import {
  findJob,
  type Job,
  type JobTerms,
  jobsTerms,
  type JobWish,
  orderJob,
  resultOf,
} from '../../src/jobs/index.js';
import { JobItemStateCodec, JobStateCodec } from '../../src/vocabulary/index.js';
import { type Court, court } from './judge.js';

/** A court where bulk work is ordered and done. */
export interface Works extends Court {
  readonly config: Config;
  /** Orders a job of the account `shore`; its wire id. */
  order(wish: JobWish): Promise<string>;
  /** One shift of the foreman. */
  work(batch?: number): Promise<Tally>;
  job(id: string): Promise<Job>;
  /** `RUNNING move 3/0 of 5`: state, step, done, failed and total. */
  stateOf(id: string): Promise<string>;
  /** `f1 A-DISK>B-DISK DONE`: one text an item, sorted; what went wrong behind it. */
  items(id: string): Promise<string[]>;
  terms(): JobTerms;
  /** Everything that is queued arrives, and is told to locks and rules. */
  arrive(): Promise<void>;
  /** Shifts of foreman, injector and cleaner, with everything arriving, until nothing changes. */
  settle(id: string): Promise<string>;
}

export async function works(db: Database, slices: Partial<Config['jobs']> = {}): Promise<Works> {
  const a = await court(db);
  const config: Config = { ...a.config, jobs: { ...a.config.jobs, ...slices } };
  const self: Works = Object.assign(a, {
    config,
    order: (wish: JobWish) =>
      db.tx(async (tx) => {
        const order = { ...wish, given: {}, comments: null, accountId: a.accountId };
        return (await orderJob(tx, order, { now: a.now })).uid;
      }),
    work: (batch = 1000) => a.shift(foreman(config), batch),
    job: (id: string) => db.read((tx) => findJob(tx, id)),
    async stateOf(id: string) {
      const { state, step, done, failed, total } = await self.job(id);
      return `${JobStateCodec.name(state)} ${step} ${done}/${failed} of ${total}`;
    },
    async items(id: string) {
      const { id: key } = await self.job(id);
      const lines: string[] = [];
      for await (const line of resultOf((work) => db.read(work), key)) {
        const way = [line.rse ?? '', ...(line.target ? [line.target] : [])].join('>');
        const error = line.error === null ? '' : `: ${line.error}`;
        lines.push(`${line.name} ${way} ${JobItemStateCodec.name(line.state)}${error}`);
      }
      return lines.sort();
    },
    terms: () => jobsTerms(config, a.now),
    async arrive() {
      await db.tx((tx) =>
        execute(tx, sql`UPDATE requests SET state = 'D', finished_at = now() WHERE state = 'Q'`),
      );
      await a.shift(conveyorFinisher(config));
    },
    async settle(id: string) {
      for (let before = ''; ;) {
        await self.work();
        await a.shift(judgeInjector(config));
        await self.arrive();
        await a.shift(judgeCleaner(config));
        a.pass(config.jobs.pollSeconds);
        const state = await self.stateOf(id);
        const now = [state, ...(await self.items(id)), ...(await a.locks())].join();
        if (now === before) return state;
        before = now;
      }
    },
  });
  return self;
}
