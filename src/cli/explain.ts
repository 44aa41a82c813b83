import { type Command, Option } from 'commander';
import {
  type Answer,
  asksService,
  openService,
  Refusal,
  type Service,
  type ServiceOptions,
} from './service.js';
import { explanationPath, type Thing, THINGS, thingsOf } from './explained-thing.js';
import { type ExplanationAnswer, showExplanation } from './show-explanation.js';
import { styled } from './text.js';

/** What `sluice explain` takes besides the service's options. */
export interface ExplainOptions extends ServiceOptions {
  readonly kind?: Thing;
}

/** Adds `explain` to the program. */
export function addExplain(program: Command): void {
  asksService(
    program
      .command('explain')
      .description('why something is as it is, what is done about it, and what you could do')
      .argument('<thing>', 'id of a rule or request, SCOPE:NAME, SCOPE:NAME@RSE, RSE or account')
      .addOption(
        new Option('--kind <kind>', 'what it is, where its name does not tell').choices(THINGS),
      ),
  ).action(runExplain);
}

/** `sluice explain`: asks and prints. Throws UsageError, Refusal, Unreachable. */
export async function runExplain(thing: string, options: ExplainOptions): Promise<void> {
  const things = options.kind ? [options.kind] : thingsOf(thing);
  const paths = things.map((kind) => explanationPath(kind, thing));
  const service = await openService(options);
  const answer = await firstFound(service, paths);
  const paint = {
    strong: (text: string) => styled('bold', text),
    faint: (text: string) => styled('dim', text),
  };
  console.log(options.json ? answer.text : showExplanation(answer.body, paint).join('\n'));
}

/** An id may be a rule's or a request's: the first that exists. Throws what the last one was refused with. */
async function firstFound(
  service: Service,
  [path = '', ...others]: readonly string[],
): Promise<Answer<ExplanationAnswer>> {
  try {
    return await service.get<ExplanationAnswer>(path);
  } catch (error) {
    const isMissing = error instanceof Refusal && error.status === 404;
    if (!isMissing || others.length === 0) throw error;
    return await firstFound(service, others);
  }
}
