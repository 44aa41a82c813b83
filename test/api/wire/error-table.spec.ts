import { describe, expect, it } from '@jest/globals';
import { STATUS_OF } from '../../../src/api/wire/error-table.js';
import { headerText, wireErrorOf } from '../../../src/api/wire/wire-error.js';
import * as errors from '../../../src/errors/index.js';

type Constructor = new (message: string) => errors.SluiceError;
const facts = Object.values(errors).filter((x) => x !== errors.SluiceError) as Constructor[];
const coded = (code: string) => Object.assign(new Error('inside'), { code });

describe('the error table', () => {
  it('knows a status for every fact, and no fact that does not exist', () => {
    const names = facts.map((Fact) => new Fact('x').name).sort();
    expect(Object.keys(STATUS_OF).sort()).toEqual(names);
  });

  it('never makes a client log in again or repeat a call for what it cannot mend that way', () => {
    expect(STATUS_OF.AccessDenied).toBe(403);
    expect(STATUS_OF.UnsupportedOperation).toBe(409);
    expect(Object.values(STATUS_OF)).not.toContain(500);
  });

  it.each([
    ['57P01', 503, 'ResourceTemporaryUnavailable'],
    ['40001', 503, 'ResourceTemporaryUnavailable'],
    ['22021', 400, 'InvalidObject'],
    ['22003', 400, 'InvalidObject'],
    ['57014', 429, 'DatabaseException'],
    ['42601', 500, 'RucioException'],
    ['FST_ERR_SOMETHING', 500, 'RucioException'],
  ])('answers the code %s with %d %s and says nothing of the inside', (code, status, name) => {
    const told = wireErrorOf(coded(code), 'r1');
    expect([told.status, told.exceptionClass]).toEqual([status, name]);
    expect(told.message).not.toMatch(/inside/);
    const wrapped = wireErrorOf({ driverError: coded(code) }, 'r1');
    expect(wrapped.status).toBe(status);
  });

  it.each([[null], [undefined], ['text'], [{}]])('answers a thrown %p with 500', (thrown) => {
    expect(wireErrorOf(thrown, 'r1').status).toBe(500);
  });

  it('keeps header text in one line of printable ASCII', () => {
    expect(headerText('a\r\nb\u0000é\u{1F600}')).toBe('a b????');
    expect(headerText('x'.repeat(126))).toBe(`${'x'.repeat(125)}...`);
    expect(headerText('x'.repeat(125))).toBe('x'.repeat(125));
  });
});
