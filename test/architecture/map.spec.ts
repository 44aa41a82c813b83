import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { withMap } from '../../scripts/map.mjs';

const root = (name: string) => resolve(import.meta.dirname, '../..', name);
const text = readFileSync(root('ARCHITECTURE.md'), 'utf8');

describe('ARCHITECTURE.md', () => {
  it('has the map that npm run generate writes', () => {
    expect(text).toBe(withMap(text));
  });

  it('names only files and folders that exist', () => {
    const named = [
      ...text.matchAll(
        /`((?:src|test|migrations|config|helm|bench|docs|scripts)\/[A-Za-z0-9_./-]*)`/g,
      ),
    ];
    const missing = named.map(([, path = '']) => path).filter((path) => !existsSync(root(path)));
    expect(missing).toEqual([]);
  });
});
