import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

describe('the command line', () => {
  it('ends well where nobody reads to the end', () => {
    const main = ['--import', './test/support/register-typescript.mjs', 'src/cli/main.ts'];
    const unread = '{ "$@"; echo "ended with $?" >&2; } | true';
    const { stderr } = spawnSync('sh', ['-c', unread, 'sh', process.execPath, ...main, 'routes'], {
      ...{ env: { PATH: process.env['PATH'] }, encoding: 'utf8' },
    });
    expect(stderr).toBe('ended with 0\n');
  });
});
