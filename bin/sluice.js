#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

// Else V8 lets garbage grow to several times what lives before it collects it: 360 MiB instead of 210
// at the peak of `npm run bench -- --only 'whole service'`, for a few percent of Node's CPU.
setFlagsFromString('--heap-growing-percent=50');

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('Sluice is not built yet: run `npm run build` first.\n');
  process.exitCode = 1;
}
