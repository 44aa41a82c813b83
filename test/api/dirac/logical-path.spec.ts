import { describe, expect, it } from '@jest/globals';
import { didOfLfn, directoriesOf } from '../../../src/api/dirac/logical-path.js';

describe('a path of DIRAC', () => {
  it.each(['', '/', 'f1', '/km3net', '/km3net/f1', '/km3net/raw/', '/km3net//f1', 'km3net/raw/f1'])(
    "'%s' is no file",
    (lfn) => {
      expect(() => didOfLfn(lfn)).toThrow('/<VO>/<directory>/…/<file>');
    },
  );

  it('is a file in a dataset in containers, each named by its own path', () => {
    const directories = directoriesOf(['/vo/raw/run1/f1', '/vo/raw/run1/f2', '/vo/raw/run2/f1']);
    expect([...directories.values()]).toEqual([
      { scope: 'raw', name: '/vo/raw/run1', type: 'D', parent: '/vo/raw' },
      { scope: 'raw', name: '/vo/raw', type: 'C', parent: '/vo' },
      { scope: 'vo', name: '/vo', type: 'C', parent: null },
      { scope: 'raw', name: '/vo/raw/run2', type: 'D', parent: '/vo/raw' },
    ]);
  });

  it.each([
    ['files and directories', ['/vo/raw/f1', '/vo/raw/run1/f1'], "'/vo/raw' cannot hold"],
    ['the same, the other way round', ['/vo/raw/run1/f1', '/vo/raw/f1'], "'/vo/raw' cannot hold"],
    ['a name that is a file', ['/vo/raw/f1', '/vo/raw/f1/g1'], 'cannot'],
  ])('cannot be %s', (_, lfns, message) => {
    expect(() => directoriesOf(lfns)).toThrow(message);
  });
});
