import { authenticate } from '../../src/accounts/index.js';
import { fileLines } from '../../src/api/replicas/file-lines.sql.js';
import { lineForm } from '../../src/api/replicas/line-form.js';
import { setScene } from '../../src/api/replicas/list-rows.js';
import { parseListing } from '../../src/api/replicas/listing.request.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { judgeEvaluator } from '../../src/daemons/judge/evaluator.js';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { type Database, execute, sql, type Tx } from '../../src/db/index.js';
import { declareLineage, filePage, relativePage } from '../../src/dids/index.js';
import { parseFilter } from '../../src/metadata/query/index.js';
import { searchPage } from '../../src/metadata/index.js';
import {
  claimDue,
  EPOCH,
  forgetClaims,
  listedFiles,
  sortedFiles,
  urgentTombstone,
  verifyClaims,
} from '../../src/replicas/index.js';
import { busyBuckets, claimRequests } from '../../src/requests/index.js';
import { addRules, expireNext, rulesTerms } from '../../src/rules/index.js';
import {
  type DidName,
  ReplicaState,
  RequestState,
  RuleGrouping,
  RuleNotification,
} from '../../src/vocabulary/index.js';
import { court } from '../support/judge.js';
import { type Heard, listening } from '../support/plans.js';

/** Work of which nothing stays. */
const undone = (db: Database, work: (tx: Tx) => Promise<unknown>): Promise<void> =>
  db
    .tx(async (tx) => {
      await work(tx);
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });

class Undone extends Error {}

/** The statements that the catalogue's load is made of, by name, as the product sends them. */
export type HotStatements = ReadonlyMap<string, Heard>;

/**
 * Lives a file's life once, from registration to deletion, and notes the texts of the statements on
 * the way. Nothing is copied from the sources: a statement that changes is heard as it is then.
 * `halfway` is called while there are locks and requests.
 */
export async function hotStatements(
  base: Database,
  halfway?: () => Promise<void>,
): Promise<HotStatements> {
  const { db, listen } = listening(base);
  const a = await court(db);
  const [from, to] = [await a.rse('A-DISK'), await a.rse('B-DISK')];
  const names = ['f1', 'f2', 'f3'];
  const found = new Map<string, Heard>();
  const hear = async (marks: Readonly<Record<string, RegExp>>, work: () => Promise<unknown>) => {
    const heard = await listen(work);
    for (const [name, mark] of Object.entries(marks)) {
      const statement = heard.find(({ text }) => mark.test(text));
      if (!statement) {
        const texts = heard.map(({ text }) => text).join('\n;\n');
        throw new Error(`${name} was not heard among:\n${texts}`);
      }
      found.set(name, statement);
    }
  };

  await hear({ 'register-1-names': /INSERT INTO dids/, 'register-2-copies': /INTO replicas/ }, () =>
    a.copies('A-DISK', names),
  );
  await a.dataset('run');
  await hear({ attach: /INSERT INTO contents / }, () => a.attach('run', ...names));
  await hear({ 'place-slice': /INSERT INTO locks/ }, () =>
    a.rule('run', { rseExpression: 'B-DISK', lifetime: 60 }),
  );
  await hear({ 'place-spread': /hashint8extended[^]*INSERT INTO locks/ }, () =>
    a.rule('run', { rseExpression: '*', grouping: RuleGrouping.NONE, lifetime: 60 }),
  );

  const both = ['run', 'run2'].map((name) => ({ scope: a.scope, name }));
  await a.dataset('run2');
  const wish = { accountId: a.accountId, copies: 1, rseExpression: 'A-DISK', activity: 0 };
  const how = { grouping: RuleGrouping.DATASET, notification: RuleNotification.NO };
  await hear({ 'place-datasets': /INSERT INTO locks/, 'datasets-held': /knownBytes/ }, () =>
    undone(db, (tx) => addRules(tx, { ...wish, ...how, dids: both }, rulesTerms(a.config, a.now))),
  );
  await hear({ 'lineage-loop': /RECURSIVE up/ }, () =>
    undone(db, (tx) => declareLineage(tx, [{ child: both[0] as DidName, parents: both.slice(1) }])),
  );
  for (const direction of ['ancestors', 'descendants'] as const) {
    const after = { nearId: 1n, farId: 0n };
    await hear({ [`lineage-${direction}`]: /FROM derived/ }, () =>
      db.read((tx) => relativePage(tx, direction, [1n, 2n, 3n], { after, limit: 2000 })),
    );
  }

  await a.copies('A-DISK', ['f4', 'f5', 'f6']);
  await a.attach('run', 'f4', 'f5', 'f6');
  await hear(
    {
      'evaluate-1-collections': /RECURSIVE up[^]*FOR UPDATE/,
      'evaluate-2-rules': /FROM rules[^]*RECURSIVE up/,
      'evaluate-3-placement': /FROM contents ct\s+CROSS JOIN LATERAL/,
      'evaluate-4-bytes': /sum\(d.bytes\)[^]*NOT EXISTS \(SELECT FROM locks/,
      'evaluate-5-held': /heldBytes/,
    },
    () => a.shift(judgeEvaluator(a.config)),
  );
  await halfway?.();

  const until = new Date(a.now.getTime() + 60_000);
  const share = [{ rseId: to, activity: 0, slots: 10 }];
  await hear({ 'queue-buckets': /RECURSIVE b/ }, () => db.read(busyBuckets));
  await hear({ 'queue-claim': /UPDATE requests/ }, () =>
    db.tx((tx) => claimRequests(tx, share, 'test', until)),
  );
  await base.tx((tx) => execute(tx, sql`UPDATE requests SET state = ${RequestState.DONE}::"char"`));
  await hear({ 'finish-1-copies': /WITH done/, 'finish-2-locks': /UPDATE locks/ }, () =>
    a.shift(conveyorFinisher(a.config)),
  );

  a.pass(60);
  const slice = { ...rulesTerms(a.config, a.now), locksMax: 1 };
  await hear({ release: /DELETE FROM locks/ }, () => db.tx((tx) => expireNext(tx, slice)));
  await hear({ 'end-rules': /DELETE FROM locks/ }, () => a.shift(judgeCleaner(a.config)));
  const due = new Date(a.now.getTime() + 3600_000);
  const claim = {
    rseId: from,
    prior: ReplicaState.AVAILABLE,
    now: due,
    from: null,
    to: urgentTombstone(due),
    token: '1971-01-01T00:00:00.000001Z',
    putOff: { urgent: EPOCH, cached: due },
    keepLast: false,
    limit: 1000,
  };
  await hear({ 'reap-1-claim': /RECURSIVE due/ }, () => db.tx((tx) => claimDue(tx, claim)));
  await hear({ 'reap-2-verify': /AS last/ }, () => db.read((tx) => verifyClaims(tx, claim, [1n, 2n, 3n])));
  await hear({ 'reap-3-forget': /DELETE FROM replicas/ }, () =>
    db.tx((tx) => forgetClaims(tx, claim, [1n, 2n, 3n])),
  );

  const shown = { rseIds: [from, to], states: null, since: null, withPaths: false };
  await hear({ 'list-replicas': /FROM replicas/ }, () =>
    db.read((tx) => listedFiles(tx, [1n, 2n, 3n], shown)),
  );
  const last = { datasetId: 1n, id: 0n };
  await hear({ 'list-files': /FROM contents/ }, () =>
    db.read((tx) => filePage(tx, [1n, 2n, 3n], last, 2000)),
  );
  await hear({ 'list-1-names': /ORDER BY d\.scope/ }, () =>
    db.read((tx) => sortedFiles(tx, { files: [1n], datasets: [1n, 2n, 3n] })),
  );
  await hear({ 'list-2-lines': /alike/ }, () =>
    db.read(async (tx) => {
      const { rses, places, filter } = await setScene(tx, parseListing({}));
      const form = lineForm(rses, places, false);
      if (!form) throw new Error('no form');
      const which = { ids: [1n, 2n, 3n], named: [], resolveArchives: true };
      await fileLines(tx, { ...which, filter, form });
    }),
  );
  const filter = parseFilter({ run: '7' }, 'all');
  await hear({ 'search-own-metadata': /did_meta/ }, () =>
    db.read((tx) => searchPage(tx, a.scope, filter, { after: '', limit: 1000 })),
  );
  await hear({ authenticate: /FROM tokens/ }, () =>
    db.read((tx) => authenticate(tx, 'unknown', a.now)).catch(() => undefined),
  );
  return found;
}
