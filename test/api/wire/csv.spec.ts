import { describe, expect, it } from '@jest/globals';
import { csvRecord } from '../../../src/api/wire/index.js';

describe('a record of CSV', () => {
  it.each([
    [['a', 'b'], 'a,b'],
    [['a,b', 'say "no"', 'two\nlines'], '"a,b","say ""no""","two\nlines"'],
    [[null, ''], ','],
    [['=1+1', '@x', '+x', '-x'], "'=1+1,'@x,'+x,'-x"],
    [['-12', '-1.5', '7'], '-12,-1.5,7'],
    [['=HYPERLINK("x")'], `"'=HYPERLINK(""x"")"`],
  ])('of %j is %s', (fields, record) => {
    expect(csvRecord(fields)).toBe(record);
  });
});
