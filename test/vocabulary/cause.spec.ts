import { describe, expect, it } from '@jest/globals';
import { Cause, StorageCause, causeAt } from '../../src/vocabulary/cause.js';

describe('causeAt', () => {
  it.each([
    ['source', StorageCause.MISSING, Cause.SOURCE_MISSING],
    ['destination', StorageCause.MISSING, Cause.DEST_MISSING],
    ['source', StorageCause.CHECKSUM, Cause.SOURCE_CHECKSUM],
    ['destination', StorageCause.FULL, Cause.DEST_FULL],
    ['source', StorageCause.FULL, Cause.STORAGE_ERROR],
    ['destination', StorageCause.TLS, Cause.TLS],
  ] as const)('%s %s is %s', (side, cause, expected) => {
    expect(causeAt(side, cause)).toBe(expected);
  });

  it('gives a known cause for every storage cause at both ends', () => {
    for (const cause of Object.values(StorageCause)) {
      expect(Object.values(Cause)).toContain(causeAt('source', cause));
      expect(Object.values(Cause)).toContain(causeAt('destination', cause));
    }
  });
});
