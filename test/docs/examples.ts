import { readFileSync } from 'node:fs';

/** What a page shows: something to send, with what comes back, or something that happens meanwhile. */
export type Step =
  | { readonly kind: 'exchange'; readonly line: number; readonly exchange: Exchange }
  | { readonly kind: 'meanwhile'; readonly line: number; readonly what: string };

/** A request and the answer that the page promises. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
  /** `Created`, or the class of the error. */
  readonly outcome: string;
  /** It is an admin who sends it. */
  readonly byAdmin: boolean;
  /** Undefined where the page does not show it. `…` stands for anything, `{name}` for what it names. */
  readonly answer: unknown;
}

/** A part of a page: what stands below one heading, in its order. */
export interface Chapter {
  readonly title: string;
  readonly steps: readonly Step[];
}

/**
 * Reads the examples of a page in Markdown, chapter by chapter (`##`). A block marked `http` is a
 * request line, a body, an empty line, a status line and an answer; a comment `<!-- meanwhile: … -->`
 * says what happens before the next one, `<!-- as an admin -->` who sends it. Throws where a block cannot be read.
 */
export function chaptersOf(page: string): Chapter[] {
  const chapters: { title: string; steps: Step[] }[] = [];
  const lines = readFileSync(page, 'utf8').split('\n');
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? '';
    const [, title] = /^##+ (.+)$/.exec(text) ?? [];
    const [, what] = /^<!-- meanwhile: (.+) -->$/.exec(text) ?? [];
    if (title !== undefined) chapters.push({ title, steps: [] });
    const steps = chapters.at(-1)?.steps;
    const line = at + 1;
    if (what !== undefined) steps?.push({ kind: 'meanwhile', line, what });
    if (text !== '```http') continue;
    const end = lines.indexOf('```', at);
    const byAdmin = lines.slice(Math.max(0, at - 2), at).includes('<!-- as an admin -->');
    const exchange = { ...exchangeOf(lines.slice(at + 1, end), line), byAdmin };
    steps?.push({ kind: 'exchange', line, exchange });
    at = end;
  }
  return chapters.filter(({ steps }) => steps.some(({ kind }) => kind === 'exchange'));
}

function exchangeOf(block: readonly string[], line: number): Omit<Exchange, 'byAdmin'> {
  const [, method, path = ''] = /^(GET|POST|PUT|DELETE) (\/\S*)$/.exec(block[0] ?? '') ?? [];
  const turn = block.findIndex((text) => /^\d{3} /.test(text));
  if (method === undefined || turn < 0) throw new Error(`line ${line}: no request, or no answer`);
  const json = (part: readonly string[]): unknown => {
    const text = part.join('\n').trim();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    method: method as Exchange['method'],
    path,
    body: json(block.slice(1, turn)),
    status: Number(block[turn]?.slice(0, 3)),
    outcome: block[turn]?.slice(4) ?? '',
    answer: json(block.slice(turn + 1)),
  };
}
