import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

/*
 * Lets plain Node import our TypeScript, for processes that specs start beside jest:
 *   node --import ./test/support/register-typescript.mjs some.ts
 */
const options = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const source = kept(readFileSync(filename, 'utf8'), (text) => transpile(text, filename));
  return { format: 'module', source, shortCircuit: true };
}

function transpile(text, filename) {
  const { code } = transformSync(text, {
    ...options,
    $schema: undefined,
    filename,
    swcrc: false,
    configFile: false,
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return code;
}

/** What was made of this text before, by any process of the same run; else what `make` makes of it. */
function kept(text, make) {
  const run = process.env['TEST_CLUSTER_DIRECTORY'];
  if (run === undefined) return make(text);
  const directory = join(run, 'transpiled');
  const file = join(directory, createHash('sha256').update(text).digest('hex'));
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const code = make(text);
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, code);
  renameSync(`${file}.${process.pid}`, file);
  return code;
}
