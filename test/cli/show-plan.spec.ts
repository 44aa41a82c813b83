import { describe, expect, it } from '@jest/globals';
import { type PlanAnswer } from '../../src/cli/plan-answer.js';
import { showPlan } from '../../src/cli/show-plan.js';

const TB = 1e12;
const answer: PlanAnswer = {
  feasible: true,
  to_move: { files: 18_000, bytes: 18 * TB },
  seconds: 12_000,
  seconds_complete: true,
  rules: [
    {
      account: 'datamanager',
      rse_expression: 'type=DISK',
      copies: 2,
      weight: null,
      grouping: 'DATASET',
      dids: [{ scope: 'km3net', name: 'raw.2026.11' }],
      did_count: 1,
      files: 12_000,
      bytes: 12 * TB,
      units: 120,
      errors: [],
      parts: [
        {
          rse_expression: 'type=DISK',
          copies: 2,
          weight: null,
          chosen: [
            {
              rse: 'CNAF-DISK',
              units: 120,
              why: [{ reason: 'HELD', units: 120, detail: '6.00 TB of 12.0 TB are there already' }],
              files: 12_000,
              bytes: 12 * TB,
              there: { files: 6000, bytes: 6 * TB },
              coming: { files: 0, bytes: 0 },
              to_move: { files: 6000, bytes: 6 * TB },
            },
            {
              rse: 'LYON-DISK',
              units: 120,
              why: [{ reason: 'SHARE', units: 120, detail: null }],
              files: 12_000,
              bytes: 12 * TB,
              there: { files: 0, bytes: 0 },
              coming: { files: 0, bytes: 0 },
              to_move: { files: 12_000, bytes: 12 * TB },
            },
          ],
          rejected: [
            { rse: 'BARI-DISK', why: [{ reason: 'NOT_WRITABLE', units: 120, detail: null }] },
            {
              rse: 'SHORE-DISK',
              why: [
                { reason: 'SURPLUS', units: 100, detail: null },
                {
                  reason: 'ACCOUNT_LIMIT',
                  units: 20,
                  detail: 'needs 200 GB, and the account may put 10.0 GB more there',
                },
              ],
            },
          ],
        },
      ],
      moves: [
        {
          source: 'SHORE-DISK',
          destination: 'LYON-DISK',
          files: 12_000,
          bytes: 12 * TB,
          awaited: false,
          seconds: 12_000,
        },
        {
          source: null,
          destination: 'CNAF-DISK',
          files: 6000,
          bytes: 6 * TB,
          awaited: true,
          seconds: null,
        },
      ],
      quota: [
        { rse_expression: 'CNAF-DISK', limit: 20 * TB, used_before: TB, used_after: 13 * TB },
        { rse_expression: 'LYON-DISK', limit: null, used_before: 0, used_after: 12 * TB },
      ],
      space: [{ rse: 'LYON-DISK', limit: null, used_before: 0, used_after: 12 * TB }],
      time: [{ destination: 'LYON-DISK', queued: { files: 40, bytes: 4e10 }, seconds: 12_000 }],
      warnings: [
        { code: 'ONE_SITE', message: 'all copies of 3 files (3.00 GB) would be at one site' },
      ],
      estimated: [],
    },
  ],
};

describe('a plan in the terminal', () => {
  it('tells at a glance where to, why, how much and how long', () => {
    expect(showPlan(answer)).toEqual([
      'km3net:raw.2026.11: 2 copies on type=DISK for datamanager',
      '12,000 files, 12.0 TB a copy, 120 units kept together',
      '',
      '     goes to       there  to move   files  because',
      '  +  CNAF-DISK   6.00 TB  6.00 TB   6,000  6.00 TB of 12.0 TB are there already',
      '  +  LYON-DISK       0 B  12.0 TB  12,000  its share by weight',
      '  -  BARI-DISK                             cannot be written now',
      '  -  SHORE-DISK                            others come first (100 of 120); quota: needs 200 GB, and the account may put 10.0 GB more there (20 of 120)',
      '',
      '  from        to            files    bytes        time',
      '  SHORE-DISK  → LYON-DISK  12,000  12.0 TB  3 h 20 min',
      '  (awaited)   → CNAF-DISK   6,000  6.00 TB',
      '  before that: 40 files (40.0 GB) wait for LYON-DISK',
      '',
      '  Quota of datamanager      now     then         of',
      '  CNAF-DISK             1.00 TB  13.0 TB    20.0 TB',
      '  LYON-DISK                 0 B  12.0 TB  unlimited',
      '',
      '! all copies of 3 files (3.00 GB) would be at one site',
      '',
      'It can be done: 18,000 files, 18.0 TB to move; about 3 h 20 min at the rates of the last day.',
    ]);
  });

  it('says what it cannot do, and what is estimated', () => {
    const [rule] = answer.rules;
    const lines = showPlan({
      ...answer,
      feasible: false,
      rules: rule
        ? [
            {
              ...rule,
              parts: [],
              moves: [],
              quota: [],
              warnings: [],
              errors: [
                { exception_class: 'InsufficientAccountLimit', exception_message: 'no quota' },
              ],
              estimated: ['a sample of 1 in 10 is scaled up'],
            },
          ]
        : [],
    });
    expect(lines.slice(3)).toEqual([
      'Nothing has to be moved.',
      '',
      '✗ InsufficientAccountLimit: no quota',
      '~ estimated: a sample of 1 in 10 is scaled up',
      '',
      'This cannot be done now.',
    ]);
  });

  it('says in words that nothing is placed: everything has the rule, or there is nothing in it', () => {
    const [rule] = answer.rules;
    const parts = (rule?.parts ?? []).map((part) => ({ ...part, chosen: [], rejected: [] }));
    const rules = rule ? [{ ...rule, parts, moves: [], quota: [], warnings: [] }] : [];
    expect(showPlan({ ...answer, rules }).slice(2, 6)).toEqual([
      '',
      '  Nothing is to be placed on type=DISK.',
      '',
      'Nothing has to be moved.',
    ]);
  });

  it('says what it comes to if an RSE leaves', () => {
    const lines = showPlan({
      ...answer,
      rse_leaves: 'OLD-DISK',
      rules_there: 0,
      files_there: 0,
      bytes_there: 0,
      to_move: { files: 0, bytes: 0 },
      rules: [],
    });
    expect(lines).toEqual([
      'If OLD-DISK leaves: 0 rules, 0 files, 0 B there',
      'No rule has anything there.',
      '',
    ]);
  });
});
