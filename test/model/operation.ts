import fc from 'fast-check';
import { type DaemonName, RuleGrouping } from '../../src/vocabulary/index.js';

/**
 * One thing that happens to the lake. Numbers choose among what there is when it happens, so that
 * every part of a sequence is a sequence too and a counterexample shrinks.
 */
export type Operation =
  | { op: 'register'; rse: number; sizes: readonly number[]; uploading: boolean }
  | { op: 'register again'; file: number; rse: number; uploading: boolean }
  | { op: 'finish upload'; upload: number; whole: boolean }
  | { op: 'dataset' }
  | { op: 'container' }
  | { op: 'attach'; parent: number; children: readonly number[] }
  | { op: 'detach'; parent: number; children: readonly number[] }
  | RuleOperation
  | { op: 'delete rule'; rule: number; purge: boolean }
  | { op: 'change rule'; rule: number; change: RuleTurn }
  | { op: 'move rule'; rule: number; expression: number }
  | { op: 'reduce rule'; rule: number; exclude: number | null }
  | { op: 'expire'; did: number }
  | { op: 'declare bad'; file: number; copy: number }
  | { op: 'delete copy'; file: number; copy: number; hide: boolean }
  | { op: 'rest copy'; file: number; copy: number; back: boolean }
  | { op: 'damage'; file: number; copy: number; removed: boolean }
  | { op: 'fault'; rse: number; fault: Fault }
  | { op: 'block'; rse: number; what: 'Read' | 'Write' | 'Delete'; available: boolean }
  | { op: 'quota'; rse: number; bytes: number | null }
  | { op: 'retier'; rse: number; tier: 1 | 2 }
  | { op: 'change site'; rse: number; change: { region: 'a' | 'b' | 'c' } }
  | { op: 'drain'; rse: number; keepCopies: boolean }
  | { op: 'steer'; job: number; verb: 'cancel' | 'resume' }
  | { op: 'undo'; rule: number; copyAgain: boolean }
  | {
      op: 'subscribe';
      expression: number;
      copies: number;
      containers: boolean;
      lifetime: number | null;
    }
  | { op: 'later'; minutes: number }
  | { op: 'work' }
  | { op: 'shift'; daemon: DaemonName; batch: number }
  | { op: 'die'; daemon: DaemonName; transactions: number; batch: number }
  | { op: 'together'; of: readonly Operation[] };

export interface RuleOperation {
  op: 'rule';
  did: number;
  expression: number;
  copies: number;
  grouping: RuleGrouping;
  /** 0 is the lake's admin, 1 the account with a quota. */
  account: 0 | 1;
  /** Hours; null is for ever. */
  lifetime: number | null;
  purge: boolean;
  asynchronous: boolean;
  split: boolean;
  ignoreAvailability: boolean;
  /** An expression for sources; null is anywhere. */
  sources: number | null;
  /** How the copies stand to each other: no two in a region, or one on each tier. */
  placement: 'regions' | 'tiers' | null;
  /** What becomes of copies that it would not have where they are any more. */
  drift: 'keep' | 'replace';
  /** What it wants instead after so many minutes. */
  then: { expression: number; minutes: number } | null;
}

/** What an owner does to a rule. */
export const RULE_TURNS = [
  'stick',
  'cancel',
  'suspend',
  'boost',
  'give',
  'shorten',
  'lengthen',
  'hurry',
  'free sources',
  'adopt',
  'free child',
] as const;
export type RuleTurn = (typeof RULE_TURNS)[number];

/** What goes wrong at a storage: the next write fails, or what is written comes out changed. */
export type Fault = 'write fails' | 'writes corrupt' | 'writes work' | 'removal fails' | 'full';

/** The daemons whose shifts come in any order. */
export const WORKERS = [
  'judge-evaluator',
  'judge-injector',
  'judge-repairer',
  'judge-cleaner',
  'judge-drifter',
  'judge-phaser',
  'conveyor-submitter',
  'conveyor-poller',
  'conveyor-finisher',
  'reaper',
  'undertaker',
  'necromancer',
  'abacus',
  'rescuer',
  'foreman',
  'transmogrifier',
] as const satisfies readonly DaemonName[];

/** Arbitraries of operations of one kind. */
function record<Op extends string, Facts extends object>(
  op: Op,
  facts: { [Key in keyof Facts]: fc.Arbitrary<Facts[Key]> },
): fc.Arbitrary<{ op: Op } & Facts> {
  return fc.record(facts, { noNullPrototype: true }).map((drawn) => ({ op, ...(drawn as Facts) }));
}

const some = fc.nat({ max: 30 });
const several = fc.array(some, { minLength: 1, maxLength: 5 });
const daemon = fc.constantFrom<DaemonName>(...WORKERS);
/** Mostly everything at once, sometimes one by one. */
const batch = fc.constantFrom(1000, 1000, 1000, 1, 3);

const rule: fc.Arbitrary<Operation> = record('rule', {
  did: some,
  expression: some,
  copies: fc.integer({ min: 1, max: 3 }),
  grouping: fc.constantFrom(...Object.values(RuleGrouping)),
  account: fc.constantFrom(0 as const, 0 as const, 1 as const),
  lifetime: fc.constantFrom(null, null, 1, 5),
  purge: fc.boolean(),
  asynchronous: fc.boolean(),
  split: fc.constantFrom(false, false, true),
  ignoreAvailability: fc.constantFrom(false, false, true),
  sources: fc.constantFrom(null, null, null, null, 0, 3),
  placement: fc.constantFrom(null, null, null, 'regions' as const, 'tiers' as const),
  drift: fc.constantFrom('keep' as const, 'replace' as const),
  then: fc.oneof<fc.Arbitrary<RuleOperation['then']>[]>(
    fc.constant(null),
    fc.constant(null),
    fc.constant(null),
    fc.constant(null),
    fc.tuple(some, fc.constantFrom(10, 60)).map(([expression, minutes]) => ({
      expression,
      minutes,
    })),
  ),
});

const catalogue: fc.WeightedArbitrary<Operation>[] = [
  {
    weight: 5,
    arbitrary: record('register', {
      rse: some,
      sizes: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 }),
      uploading: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: record('register again', {
      file: some,
      rse: some,
      uploading: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: record('finish upload', { upload: some, whole: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.constant<Operation>({ op: 'dataset' }) },
  { weight: 1, arbitrary: fc.constant<Operation>({ op: 'container' }) },
  { weight: 7, arbitrary: record('attach', { parent: some, children: several }) },
  { weight: 4, arbitrary: record('detach', { parent: some, children: several }) },
  { weight: 11, arbitrary: rule },
  { weight: 4, arbitrary: record('delete rule', { rule: some, purge: fc.boolean() }) },
  { weight: 2, arbitrary: record('declare bad', { file: some, copy: some }) },
  {
    weight: 3,
    arbitrary: record('change rule', {
      rule: some,
      change: fc.constantFrom<RuleTurn>(...RULE_TURNS),
    }),
  },
  { weight: 2, arbitrary: record('move rule', { rule: some, expression: some }) },
  {
    weight: 1,
    arbitrary: record('reduce rule', { rule: some, exclude: fc.constantFrom(null, 5, 6, 7) }),
  },
  { weight: 2, arbitrary: record('undo', { rule: some, copyAgain: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: record('subscribe', {
      expression: some,
      copies: fc.integer({ min: 1, max: 2 }),
      containers: fc.boolean(),
      lifetime: fc.constantFrom(null, null, 2),
    }),
  },
  { weight: 1, arbitrary: record('expire', { did: some }) },
  {
    weight: 2,
    arbitrary: record('delete copy', { file: some, copy: some, hide: fc.boolean() }),
  },
  { weight: 2, arbitrary: record('rest copy', { file: some, copy: some, back: fc.boolean() }) },
];

const world: fc.WeightedArbitrary<Operation>[] = [
  {
    weight: 2,
    arbitrary: record('damage', { file: some, copy: some, removed: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: record('fault', {
      rse: some,
      fault: fc.constantFrom<Fault>(
        'write fails',
        'writes corrupt',
        'writes work',
        'removal fails',
        'full',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: record('block', {
      rse: some,
      what: fc.constantFrom('Read' as const, 'Write' as const, 'Delete' as const),
      available: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: record('quota', { rse: some, bytes: fc.constantFrom(null, 0, 30, 200) }),
  },
  {
    weight: 1,
    arbitrary: record('retier', { rse: some, tier: fc.constantFrom(1 as const, 2 as const) }),
  },
  {
    weight: 1,
    arbitrary: record('change site', {
      rse: some,
      change: fc
        .constantFrom('a' as const, 'b' as const, 'c' as const)
        .map((region) => ({ region })),
    }),
  },
  { weight: 1, arbitrary: record('drain', { rse: some, keepCopies: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: record('steer', {
      job: some,
      verb: fc.constantFrom('cancel' as const, 'resume' as const),
    }),
  },
  { weight: 4, arbitrary: record('later', { minutes: fc.constantFrom(1, 20, 90) }) },
];

const shifts: fc.WeightedArbitrary<Operation>[] = [
  { weight: 6, arbitrary: fc.constant<Operation>({ op: 'work' }) },
  { weight: 22, arbitrary: record('shift', { daemon, batch }) },
  {
    weight: 5,
    arbitrary: record('die', {
      daemon,
      transactions: fc.integer({ min: 1, max: 4 }),
      batch,
    }),
  },
];

/** Steps of a sequence: enough for things to meet. */
const STEPS = 50;

const single = fc.oneof(...catalogue, ...world, ...shifts);

/** Files at two places and datasets of them, as most stories begin. */
const opening: readonly Operation[] = [
  { op: 'register', rse: 0, sizes: [12, 0, 30], uploading: false },
  { op: 'register', rse: 1, sizes: [7, 21], uploading: false },
  { op: 'dataset' },
  { op: 'dataset' },
  { op: 'container' },
  { op: 'attach', parent: 0, children: [0, 1, 3] },
  { op: 'attach', parent: 1, children: [2, 3, 4] },
  { op: 'attach', parent: 2, children: [0] },
];

/** A step that is left out when a sequence that failed is made smaller, and hardly ever before. */
const leftOut = { nil: undefined, freq: 1_000_000 };
const LATER = { minLength: STEPS - opening.length, maxLength: STEPS - opening.length };

const after = (middle: fc.Arbitrary<Operation>): fc.Arbitrary<Operation[]> =>
  fc
    .array(fc.option(middle, leftOut), LATER)
    .map((then) => [...opening, ...then.filter((step) => step !== undefined)]);

/** Sequences in which one thing happens after the other, so that a seed plays the same again. */
export const stories: fc.Arbitrary<Operation[]> = after(single);

const together: fc.Arbitrary<Operation> = record('together', {
  of: fc.array(fc.oneof(...catalogue, ...shifts), { minLength: 2, maxLength: 4 }),
});

/** Sequences in which some things happen at the same time. */
export const crowdedStories: fc.Arbitrary<Operation[]> = after(
  fc.oneof({ weight: 2, arbitrary: single }, { weight: 1, arbitrary: together }),
);
