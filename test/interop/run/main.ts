import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot } from '../site/authority.js';
import { type Background, startAuthority, startDemo, startSite } from './backgrounds.js';
import { parseOptions, type RunOptions, type Stage } from './options.js';
import { prepareDirac } from './dirac.js';
import { installPackages, installServers } from './packages.js';
import { Interrupted, INTEROP, judge, ROOT, tell } from './programs.js';
import { preparePython, prepareTestData } from './python.js';

/** pytest's own code for "nothing matched": with arguments, a story may live in the other stage. */
const NOTHING_MATCHED = 5;

const SITE_STORY = /^test_site_\w+\.py$/;
const STORY = /^test_\w+\.py$/;

/** Runs all that was asked for, takes back what it began, and gives the exit code. */
async function judgeAll(options: RunOptions): Promise<number> {
  const { env } = process;
  if (options.slow) env['SLUICE_INTEROP_SLOW'] = '1';
  if (options.full) env['SLUICE_INTEROP_FULL'] = '1';
  const python = preparePython();
  env['SLUICE_INTEROP_DATA'] = prepareTestData(python);
  if (options.stages.includes('demo')) {
    const dirac = prepareDirac();
    if ('python' in dirac) env['SLUICE_INTEROP_DIRAC'] = dirac.python;
    else tell(`DIRAC's catalogue is SKIPPED: ${dirac.missing}`);
    const aria = installPackages(['aria2']);
    if (aria !== undefined) tell(`downloads by aria2 are SKIPPED: ${aria}`);
  }
  if (env['SLUICE_INTEROP_DEMO'] !== undefined || env['SLUICE_INTEROP_URL'] !== undefined) {
    const [stage = 'demo', ...others] = options.stages;
    return await tellStories(python, others.length > 0 ? 'demo' : stage, options.rest);
  }
  const report: string[] = [];
  const codes: number[] = [];
  const stage = async (name: Stage, judged: () => Promise<number>) => {
    if (!options.stages.includes(name)) return;
    tell(`\n== ${name}`);
    const begin = performance.now();
    const code = await judged().catch(notEvenBegun);
    if (code !== NOTHING_MATCHED || options.rest.length === 0) codes.push(code);
    const seconds = Math.round((performance.now() - begin) / 1000);
    report.push(`${name}: ${code === 0 ? 'passed' : `exit code ${code}`}, ${seconds} s`);
  };
  await stage('demo', () => on(startDemo, () => tellStories(python, 'demo', options.rest)));
  const missing = whatIsMissing(options);
  if (missing !== undefined) report.push(`site and specs: SKIPPED, ${missing}`);
  else {
    await trusted(async () => {
      await stage('site', () => on(startSite, () => tellStories(python, 'site', options.rest)));
      await stage('specs', () => runSpecs(options));
    });
  }
  tell(`\n${report.join('\n')}`);
  return codes.find((code) => code !== 0) ?? 0;
}

/** The other parts are judged all the same. */
function notEvenBegun(error: unknown): number {
  if (error instanceof Interrupted || !(error instanceof Error)) throw error;
  tell(error.stack ?? error.message);
  return 1;
}

/** Why real storage servers cannot be had, or undefined. */
function whatIsMissing({ stages }: RunOptions): string | undefined {
  if (!stages.includes('site') && !stages.includes('specs')) return undefined;
  const missing = installServers();
  if (missing !== undefined || isRoot()) return missing;
  return 'XRootD believes our tokens only if root puts our authority into the system bundle';
}

async function on(start: () => Promise<Background>, judged: () => Promise<number>) {
  const background = await start();
  process.env['SLUICE_INTEROP_DEMO'] = background.description;
  if (background.mount !== undefined) process.env['SLUICE_INTEROP_MOUNT'] = background.mount;
  try {
    return await judged();
  } finally {
    delete process.env['SLUICE_INTEROP_DEMO'];
    delete process.env['SLUICE_INTEROP_MOUNT'];
    await background.stop();
  }
}

async function trusted(judged: () => Promise<void>): Promise<void> {
  const authority = await startAuthority();
  try {
    await judged();
  } finally {
    await authority.stop();
  }
}

/** The stories of the official client: those of the site have it in their name. */
async function tellStories(python: string, stage: Stage, rest: readonly string[]): Promise<number> {
  const stories = readdirSync(INTEROP).filter(
    (name) => STORY.test(name) && SITE_STORY.test(name) === (stage === 'site'),
  );
  // PYTHONDONTWRITEBYTECODE: nothing of Python's is left in the tree.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  const named = rest.some((word) => word.startsWith('test_'));
  const args = ['-m', 'pytest', ...(named ? [] : stories), ...rest];
  return await judge(python, args, { cwd: INTEROP, env });
}

/** The specs that speak with the servers themselves. */
async function runSpecs({ stages, rest }: RunOptions): Promise<number> {
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const own = stages.length === 1 ? rest : [];
  const args = ['--config', join(INTEROP, 'jest.config.js'), ...own];
  return await judge(process.execPath, ['--experimental-vm-modules', jest, ...args]);
}

try {
  process.exitCode = await judgeAll(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = 130;
}
