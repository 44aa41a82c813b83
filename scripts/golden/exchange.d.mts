/** One request of the story, as it stands in a golden file; `{name}` is filled by an earlier capture. */
export interface Exchange {
  title: string;
  /** The account whose token is sent; null: no token header. */
  as: string | null;
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** A JSON value, or a text sent as it is. */
  body?: unknown;
  /** Name of a later `{name}` and where its value stands in the decoded answer. */
  capture?: Record<string, string>;
  anyOrder?: boolean;
  ints?: string[];
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
}

/** An answer with volatile values and prose replaced by placeholders. */
export interface Answer {
  status: number;
  contentType: string | null;
  headers: Record<string, string>;
  body:
    | { kind: 'empty' }
    | { kind: 'text'; text: string }
    | { kind: 'xml'; xml: string }
    | { kind: 'json'; json: unknown }
    | { kind: 'lines'; lines: unknown[] };
}

export function send(
  base: string,
  exchange: Pick<Exchange, 'method' | 'path' | 'headers' | 'body'>,
  token?: string,
): Promise<RawAnswer>;
export function bind<T>(value: T, bindings: Record<string, string>): T;
export function capture(decoded: unknown, pointer: string): unknown;
export function decode(answer: RawAnswer): unknown;
export function normalise(
  answer: RawAnswer,
  options: {
    bindings: Record<string, string>;
    known: string;
    server: string;
    anyOrder?: boolean;
    ints?: string[];
  },
): Answer;
