import { didPath, UsageError } from './service.js';

/** The words by which `--kind` says what a name is. */
export const THINGS = ['rule', 'request', 'did', 'replica', 'rse', 'account'] as const;
export type Thing = (typeof THINGS)[number];

/** A 32-hex id is a rule or a request; `scope:name` a DID; `scope:name@RSE` a copy. */
const ID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const RSE = /^[A-Z0-9]+([_-][A-Z0-9]+)*$/;
const ACCOUNT = /^[a-z0-9_-]+$/;

/**
 * What a name may be, most likely first: the first that exists is meant. RSEs are written in capitals,
 * accounts in small letters. Throws UsageError for what is none of them. Pure.
 */
export function thingsOf(text: string): Thing[] {
  if (ID.test(text)) return ['rule', 'request'];
  if (text.includes(':')) return namedThings(text);
  if (RSE.test(text) && ACCOUNT.test(text)) return ['rse', 'account'];
  if (RSE.test(text)) return ['rse'];
  if (ACCOUNT.test(text)) return ['account'];
  throw new UsageError(
    `'${text}' is nothing that can be explained: give the id of a rule or a request, SCOPE:NAME, SCOPE:NAME@RSE, an RSE or an account`,
  );
}

/** Names like paths may have an '@' of their own: then it is a DID, unless an RSE could follow it. */
function namedThings(text: string): Thing[] {
  const [, end] = /:.*@(.*)$/.exec(text) ?? [];
  if (end === undefined) return ['did'];
  return [RSE.test(end) ? 'replica' : 'did'];
}

/** Where the service explains it. Throws UsageError where the name is no such thing's. Pure. */
export function explanationPath(thing: Thing, text: string): string {
  const plain = encodeURIComponent(text);
  switch (thing) {
    case 'rule':
      return `/rules/${plain}/explain`;
    case 'request':
      return `/requests/${plain}/explain`;
    case 'rse':
      return `/rses/${plain}/explain`;
    case 'account':
      return `/accounts/${plain}/explain`;
    case 'did':
    case 'replica': {
      const pattern = thing === 'did' ? /^([^:]+):(.+)$/ : /^([^:]+):(.+)@([^@]+)$/;
      const [, scope, name, rse] = pattern.exec(text) ?? [];
      if (scope === undefined || name === undefined) {
        throw new UsageError(
          `'${text}' is no ${thing === 'did' ? 'DID: write SCOPE:NAME' : 'copy: write SCOPE:NAME@RSE'}`,
        );
      }
      return rse === undefined
        ? `/dids/${didPath(scope, name)}/explain`
        : `/replicas/${didPath(scope, name)}/${encodeURIComponent(rse)}/explain`;
    }
  }
}
