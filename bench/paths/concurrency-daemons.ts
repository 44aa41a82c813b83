import { type Sql } from '../../src/db/index.js';
import { type Lab } from '../lab.js';
import { type Path } from '../path.js';
import { type Watch, watch } from './concurrency-checks.js';
import { until } from './rules.js';

/** A daemon's work, which several processes share. */
export interface SharedWork {
  /** What the daemon is called on the command line. */
  readonly role: string;
  /** What the work is about, where a daemon has several of them. */
  readonly about?: string;
  readonly item: string;
  readonly items: number;
  /** Makes what the work starts from, under a name of its own. */
  prepare(lab: Lab, name: string): Promise<void>;
  /** Gives the daemons, which are there already, their work. */
  begin(lab: Lab, name: string): Promise<void>;
  /** `done`: whether all is worked off. */
  done(name: string): Sql;
  /** Throws if anything was left out or done twice. */
  verify(lab: Lab, name: string): Promise<void>;
}

/** The same work for so many processes of one daemon; measured until the last item is done. */
export function processes(count: number, work: SharedWork): Path {
  const about = work.about === undefined ? '' : `, ${work.about}`;
  const name = `shared_${work.role}${about.replaceAll(/[^a-z]+/g, '_')}_${count}`;
  let running: { stop(): Promise<void> }[] = [];
  let watched: Watch;
  const stop = async () => {
    await Promise.all(running.map((one) => one.stop()));
    running = [];
  };
  return {
    name: `concurrency, ${count} processes of ${work.role}${about}`,
    item: work.item,
    items: work.items,
    repetitions: 1,
    async before(lab) {
      await work.prepare(lab, name);
      watched = await watch(lab);
      running = await Promise.all(
        Array.from({ length: count }, () =>
          lab.daemons(work.role, { SLUICE_STORAGE__ALLOW_PRIVATE: 'true' }),
        ),
      );
    },
    async run(lab) {
      await work.begin(lab, name);
      await until(lab, work.done(name));
    },
    async figures(lab) {
      await stop();
      await work.verify(lab, name);
      return await watched.verify();
    },
    after: stop,
  };
}
