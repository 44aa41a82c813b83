import { describe, expect, it } from '@jest/globals';
import { InvalidObject } from '../../src/errors/index.js';
import { parseAction } from '../../src/subscriptions/index.js';
import { notify } from '../support/office.js';

describe('what a subscription does', () => {
  it('is rules, or to notify', () => {
    expect(parseAction([{ copies: 1, rse_expression: 'A' }])).toMatchObject({
      rules: [{ copies: 1 }],
      notify: null,
    });
    expect(parseAction(notify({ files: 100 }, { flush_after: 3600 }))).toEqual({
      rules: [],
      notify: { groupBy: { files: 100, bytes: null, key: null }, flushAfterSeconds: 3600 },
    });
    expect(parseAction(notify({ key: 'run_number', bytes: 5e9 }))).toMatchObject({
      notify: { groupBy: { files: null, bytes: 5e9, key: 'run_number' }, flushAfterSeconds: null },
    });
  });

  it.each([
    [[...notify({ files: 1 }), { copies: 1, rse_expression: 'A' }], 'alone'],
    [[{ ...notify({ files: 1 })[0], copies: 1 }], 'replication_rules[0].copies'],
    [[{ sluice: { notify: 7 } }], 'replication_rules[0].sluice.notify'],
    [[{ sluice: { notify: { group_by: {} }, also: 1 } }], 'sluice.also'],
    [notify({}), 'at least one of files, bytes, key'],
    [notify({ fils: 3 }), 'group_by.fils'],
    [notify({ files: 0 }), 'group_by.files'],
    [notify({ files: 2_000_000 }), 'from 1 to 100000'],
    [notify({ bytes: 'many' }), 'group_by.bytes'],
    [notify({ key: '' }), 'group_by.key'],
    [notify({ files: 1 }, { flush_after: -1 }), 'flush_after'],
    [notify({ files: 1 }, { flush: 1 }), 'group_by, flush_after'],
  ])('%#: is refused with the name of what is wrong', (given, words) => {
    expect(() => parseAction(given)).toThrow(InvalidObject);
    expect(() => parseAction(given)).toThrow(words);
  });
});
