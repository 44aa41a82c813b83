/** The command line: serve, demo, migrate, explain, doctor, rule, subscription, job, routes. */

import { Command, CommanderError, Option } from 'commander';
import { ConfigurationError, StateDirectoryError } from '../config/index.js';
import { runDemo } from './demo.js';
import { runDoctor } from './doctor.js';
import { addExplain } from './explain.js';
import { addJobVerbs } from './job.js';
import { runMigrate } from './migrate.js';
import { runRoutes } from './routes.js';
import { addRulePlan } from './rule-plan.js';
import { addRuleRestore } from './rule-restore.js';
import { runServe } from './serve.js';
import { Refusal, Unreachable, UsageError } from './service.js';
import { addSubscriptionVerbs } from './subscription.js';

/** Errors that tell everything by their message: where they were thrown helps nobody. */
const PLAIN = [ConfigurationError, StateDirectoryError, Refusal, Unreachable, UsageError];
/** The command was not understood. */
const EXIT_USAGE = 2;

const program = new Command('sluice')
  .description('A rule-driven data lake replication manager that speaks the REST API of Rucio.')
  .showHelpAfterError('(sluice --help lists the commands)')
  .exitOverride();

program
  .command('serve')
  .description('serve the API and run the daemons')
  .option('--roles <list>', 'comma-separated: all, api, judge, conveyor, reaper, … or a daemon')
  .addOption(new Option('--port <port>', 'port to listen on').argParser(Number))
  .option('--host <address>', 'address to listen on')
  .action(runServe);

program
  .command('demo')
  .description('play the story of a raw-data run on this machine, with real storages')
  .option('--keep', 'leave everything running at the end')
  .option('--input <directory>', 'register the files of this directory instead of made-up ones')
  .action(runDemo);

program
  .command('migrate')
  .description('bring the schema of the configured database up to this version')
  .action(runMigrate);

addExplain(program);
const rule = program.command('rule').description('wishes for copies');
addRulePlan(rule);
addRuleRestore(rule);
addSubscriptionVerbs(program.command('subscription').description('standing orders'));

program
  .command('doctor')
  .description('look whether the catalogue is as it must be, and mend it')
  .option('--repair', 'mend what is found; each mend is in the record of changes')
  .option('--only <name...>', 'only these checks')
  .option('--json', 'print the findings as JSON')
  .option('--status', 'print what the daemon and earlier looks have found, and look at nothing')
  .action(runDoctor);

addJobVerbs(program.command('job').description('bulk work with progress'));

program.command('routes').description('print every route of the API').action(runRoutes);

// Who reads the first lines only (`| head`) closes the pipe: the rest is told to nobody, the work goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Says what went wrong, unless the parser has, and how the process ends. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  const plain = PLAIN.some((type) => error instanceof type);
  console.error(plain ? (error as Error).message : error);
  return error instanceof UsageError ? EXIT_USAGE : 1;
}
