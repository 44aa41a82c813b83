import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseRoles } from '../../src/daemons/runtime/index.js';
import { DaemonNames } from '../../src/vocabulary/index.js';

interface Values {
  readonly roles: readonly { name: string; roles: readonly string[]; port?: number }[];
}

const text = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const values = parse(text('helm/values.yaml')) as Values;

describe('the chart', () => {
  it('runs the API and every daemon, each in one Deployment', () => {
    const parts = values.roles.map(({ roles }) => parseRoles(roles));
    expect(parts.filter(({ api }) => api)).toHaveLength(1);
    expect(parts.flatMap(({ daemons }) => daemons).sort()).toEqual([...DaemonNames].sort());
  });

  it('opens a port where the API is, and nowhere else', () => {
    for (const { roles, port } of values.roles) {
      expect(port !== undefined).toBe(parseRoles(roles).api);
    }
  });

  it('has every value of it on its page', () => {
    const page = text('docs/kubernetes.md');
    for (const value of Object.keys(values)) expect(page).toContain(`\`${value}`);
  });
});
