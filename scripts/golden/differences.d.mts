import { type Answer, type Exchange } from './exchange.mjs';

/** A golden answer after the named differences: `4xx` is any refusal, `any` is any body. */
export type Expected = Omit<Answer, 'status' | 'body'> & {
  status: number | '4xx';
  body: Answer['body'] | { kind: 'any' };
};

export const names: string[];
export function owed(exchange: Exchange & { chapter: string; answer: Answer }): {
  answer: Expected;
  differences: string[];
};
