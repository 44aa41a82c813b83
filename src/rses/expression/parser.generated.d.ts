import { type Expression } from './tree.js';

/** What the generated parser throws at text that is no expression. */
export class SyntaxError extends globalThis.SyntaxError {
  readonly found: string | null;
  readonly location: { readonly start: { readonly offset: number } };
}

export function parse(text: string): Expression;
