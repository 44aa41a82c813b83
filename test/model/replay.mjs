import globalSetup from '../support/global-setup.mjs';
import globalTeardown from '../support/global-teardown.mjs';
import { play } from './play.js';
import { readFileSync } from 'node:fs';
globalSetup();
const lines = readFileSync(process.argv[2], 'utf8').trim().split('\n');
const i = lines.findIndex((l) => l.startsWith('SMALL'));
const plan = JSON.parse(lines[i].slice(6)); const ops = lines.slice(i+1).filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
try { await play(plan, ops); console.log('clean'); } catch (e) { console.log(e.message); }
await globalTeardown(); process.exit(0);
