import { describe, expect, it } from '@jest/globals';
import { InvalidObject, InvalidRSEExpression } from '../../src/errors/index.js';
import { parseFilter, parseStandingRules } from '../../src/subscriptions/index.js';
import { activityIndex, DidType, RuleGrouping } from '../../src/vocabulary/index.js';

describe('a filter', () => {
  it('is about datasets and containers unless it says otherwise', () => {
    expect(parseFilter({}).types).toEqual([DidType.DATASET, DidType.CONTAINER]);
    expect(parseFilter({ did_type: 'FILE' }).types).toEqual([DidType.FILE]);
    expect(parseFilter({ did_type: ['DATASET', 'file'] }).types).toEqual([
      DidType.DATASET,
      DidType.FILE,
    ]);
  });

  it('asks one thing of a DID with each key', () => {
    const { criteria, accounts, splitRule, minAvgFileSize } = parseFilter({
      pattern: 'KM3',
      excluded_pattern: 'test.*',
      scope: ['data', 'mc'],
      account: ['online'],
      run_number: 25291,
      group: 'phys',
      min_avg_file_size: 10,
      split_rule: true,
    });
    expect(criteria).toEqual([
      { key: 'name', excluded: false, patterns: [{ kind: 'prefix', text: 'KM3' }] },
      { key: 'name', excluded: true, patterns: [{ kind: 'regex', regex: '^(?:test.*)' }] },
      {
        key: 'scope',
        excluded: false,
        patterns: [
          { kind: 'prefix', text: 'data' },
          { kind: 'prefix', text: 'mc' },
        ],
      },
      { key: 'run_number', excluded: false, patterns: [{ kind: 'prefix', text: '25291' }] },
      { key: 'phys_group', excluded: false, patterns: [{ kind: 'prefix', text: 'phys' }] },
    ]);
    expect({ accounts, splitRule, minAvgFileSize }).toEqual({
      accounts: ['online'],
      splitRule: true,
      minAvgFileSize: 10,
    });
  });

  it.each([
    ['datatype', 'RAW'],
    ['scope', 'data'],
    ['account', 'online'],
    ['account', ['No Body']],
    ['pattern', ['a']],
    ['excluded_pattern', 7],
    ['split_rule', 'yes'],
    ['did_type', 'HEAP'],
    ['min_avg_file_size', 'large'],
    ['detector', { like: 'ORCA' }],
    ['detector', [['ORCA']]],
    ['detector', ['(?i:orca)']],
  ])('says that %s cannot be %j', (key, value) => {
    expect(() => parseFilter({ [key]: value })).toThrow(InvalidObject);
    expect(() => parseFilter({ [key]: value })).toThrow(key);
  });

  it('takes a thousand patterns and no more', () => {
    expect(() => parseFilter({ scope: Array(1001).fill('data') })).toThrow('1001 patterns');
  });
});

describe('a rule of a subscription', () => {
  const least = { copies: 2, rse_expression: 'tier=1' };
  const parse = (more: object, ...before: object[]) =>
    parseStandingRules([...before, { ...least, ...more }]).at(-1);

  it('needs copies and an expression, and has a default for the rest', () => {
    expect(parse({})).toEqual({
      copies: 2,
      rseExpression: 'tier=1',
      activity: activityIndex('User Subscriptions'),
      lifetime: null,
      grouping: RuleGrouping.DATASET,
      weight: null,
      sourceReplicaExpression: null,
      locked: false,
      purgeReplicas: false,
      ignoreAvailability: false,
      comments: null,
      account: null,
      delayInjection: null,
      priority: null,
      chain: null,
    });
  });

  it('reads what Python writes: texts for numbers and booleans', () => {
    expect(
      parse({ copies: '3', lifetime: '3600', locked: 'True', purge_replicas: 'False' }),
    ).toMatchObject({ copies: 3, lifetime: 3600, locked: true, purgeReplicas: false });
    expect(parse({ copies: '*' })?.copies).toBe('*');
  });

  it('may follow a rule before it', () => {
    const chained = { chained_idx: 1, algorithm: 'associated_site', associated_site_idx: 2 };
    expect(parse(chained, least)?.chain).toEqual({
      after: 0,
      algorithm: 'associated_site',
      siteIndex: 2,
    });
    expect(() => parse(chained)).toThrow('replication_rules[0].chained_idx');
    expect(() => parse({ ...chained, algorithm: 'nearest' }, least)).toThrow('algorithm');
    expect(() => parse({ chained_idx: 1, algorithm: 'associated_site' }, least)).toThrow(
      'associated_site_idx',
    );
  });

  it.each([
    [{ copies: 0 }, 'replication_rules[0].copies'],
    [{ copies: undefined }, 'replication_rules[0].copies'],
    [{ rse_expression: '' }, 'replication_rules[0].rse_expression'],
    [{ activity: 'Gardening' }, 'replication_rules[0].activity'],
    [{ grouping: 'PAIR' }, 'replication_rules[0].grouping'],
    [{ lifetime: -1 }, 'replication_rules[0].lifetime'],
    [{ locked: 'perhaps' }, 'replication_rules[0].locked'],
    [{ weight: 3 }, 'replication_rules[0].weight'],
  ])('%j is refused by its name', (more, field) => {
    expect(() => parse(more)).toThrow(field);
  });

  it('is refused with an expression that nobody can read', () => {
    expect(() => parse({ rse_expression: 'tier==1' })).toThrow(InvalidRSEExpression);
    expect(() => parse({ source_replica_expression: '((' })).toThrow(InvalidRSEExpression);
  });

  it.each([[[]], [null], [{}], ['x'], [[7]], [[[]]], [Array(101).fill(least)]])(
    'is one of a list: %#',
    (rules) => {
      expect(() => parseStandingRules(rules)).toThrow(/replication_rules/);
    },
  );
});
