/** What the service says of a thing, as far as people read it. */
export interface ExplanationAnswer {
  readonly subject: string;
  readonly state: string | null;
  readonly summary: string;
  readonly lines: readonly string[];
  readonly groups: readonly {
    readonly sentence: string;
    readonly examples: readonly string[];
    readonly error: string | null;
    readonly next: string;
    readonly remedies: readonly RemedyAnswer[];
  }[];
  readonly more_groups: number;
  readonly next: readonly string[];
  readonly remedies: readonly RemedyAnswer[];
}

interface RemedyAnswer {
  readonly what: string;
  readonly who: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly command: string | null;
}

/** Bold what matters, dim what is beside it; where there are no colours, the text itself. */
export interface Paint {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const GROUPS_SHOWN = 10;

/** The explanation in few lines, most important first. Pure. */
export function showExplanation(answer: ExplanationAnswer, paint: Paint): string[] {
  const shown = answer.groups.slice(0, GROUPS_SHOWN);
  const hidden = answer.groups.length - shown.length + answer.more_groups;
  const remedies = unique([...shown.flatMap((group) => group.remedies), ...answer.remedies]);
  return [
    paint.strong(answer.subject),
    answer.summary,
    ...shown.flatMap((group) => [
      `  ${group.sentence}`,
      ...(group.examples.length > 0
        ? [paint.faint(`    such as ${group.examples.join(', ')}`)]
        : []),
      ...(group.error === null ? [] : [paint.faint(`    said: ${group.error}`)]),
      paint.faint(`    next: ${group.next}`),
    ]),
    ...(hidden > 0 ? [`  ${hidden} more kinds of trouble: --json shows them`] : []),
    ...answer.lines.map((line) => `- ${line}`),
    ...answer.next.map((step) => `next: ${step}`),
    ...(remedies.length > 0 ? [paint.strong('What you could do:')] : []),
    ...remedies.flatMap((remedy) => showRemedy(remedy, paint)),
  ];
}

function showRemedy(remedy: RemedyAnswer, paint: Paint): string[] {
  const body = remedy.body === null ? '' : ` ${JSON.stringify(remedy.body)}`;
  const who = remedy.who === 'admin' ? ' (admins)' : '';
  return [
    `* ${remedy.what}${who}`,
    ...(remedy.command === null ? [] : [`    ${remedy.command}`]),
    paint.faint(`    ${remedy.method} ${remedy.path}${body}`),
  ];
}

/** Groups may have the same remedy. */
function unique(remedies: readonly RemedyAnswer[]): RemedyAnswer[] {
  const seen = new Map(
    remedies.map((remedy) => [
      `${remedy.method} ${remedy.path} ${JSON.stringify(remedy.body)}`,
      remedy,
    ]),
  );
  return [...seen.values()];
}
