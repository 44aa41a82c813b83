import { expect } from '@jest/globals';
import { type Call } from '../../support/api.js';

/** An account's rules on datasets of the scope `lab`; `always` is what each has unless it says otherwise. */
export function ruleCalls(call: () => Call, always: object) {
  const wish = (name: string, more: object = {}) => ({
    dids: [{ scope: 'lab', name }],
    ...always,
    ...more,
  });
  return {
    wish,
    /** Gives the id. */
    add: async (name: string, more: object = {}): Promise<string> => {
      const answer = await call()('POST', '/rules/', wish(name, more));
      expect(answer.text).toMatch(/^\["[0-9a-f]{32}"\]$/);
      return (answer.body as string[])[0] as string;
    },
    rule: async (id: string) =>
      (await call()('GET', `/rules/${id}`)).body as Record<string, unknown>,
  };
}
