import fc from 'fast-check';
import globalSetup from '../support/global-setup.mjs';
import globalTeardown from '../support/global-teardown.mjs';
import { lakePlans } from './lake-plan.js';
import { crowdedStories, stories } from './operation.js';
import { play } from './play.js';
const [seed, n, from = '0', which='one'] = process.argv.slice(2);
globalSetup();
const fails = async (plan, ops) => { try { await Promise.race([play(plan, ops), new Promise((_, no) => setTimeout(() => no(new Error('hangs')), 60000))]); return null; } catch (e) { return e.message; } };
let count = 0;
const t = Date.now();
const out = await fc.check(fc.asyncProperty(lakePlans, which==='one'?stories:crowdedStories, async (p, o) => { count++; if (count <= Number(from)) return; if (count % 25 === 0) console.log(count, Math.round((Date.now()-t)/1000)); const e = await fails(p, o); if (e) throw new Error(e); }), { seed: Number(seed), numRuns: Number(n), endOnFailure: true });
if (!out.failed) { console.log('clean', count); await globalTeardown(); process.exit(0); }
let [plan, ops] = out.counterexample;
console.log('failed at', count, out.errorInstance?.message ?? out.error);
console.log(JSON.stringify([plan, ops]));
if (which !== 'one') process.exit(1);
let size = Math.ceil(ops.length / 2), message = '';
while (size >= 1) {
  let i = 0, less = false;
  while (i < ops.length) {
    const without = [...ops.slice(0, i), ...ops.slice(i + size)];
    const e = await fails(plan, without);
    if (e) { ops = without; less = true; message = e; } else i += size;
  }
  if (size === 1 && !less) break;
  size = size === 1 ? 1 : Math.ceil(size / 2);
  console.log('now', ops.length, message);
}
console.log('SMALL', JSON.stringify(plan)); for (const o of ops) console.log(JSON.stringify(o)); console.log(message);
await globalTeardown(); process.exit(1);
