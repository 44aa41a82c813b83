import { type Database } from '../../src/db/index.js';

/** What a process that was killed throws at whoever still waits for it. */
export class ProcessDied extends Error {}

/** A database that its process can use for so many transactions. */
export function mortal(db: Database, transactions: number): Database {
  let left = transactions;
  const alive = () => left-- > 0;
  const uses: Pick<Database, 'tx' | 'read'> = {
    tx: (work) => (alive() ? db.tx(work) : Promise.reject(new ProcessDied())),
    read: (work) => (alive() ? db.read(work) : Promise.reject(new ProcessDied())),
  };
  return Object.assign(Object.create(db) as Database, uses);
}
