/** A letter as it is sent. */
export interface Letter {
  /** Plain addresses, at least one of them. */
  readonly to: readonly string[];
  /** One line. */
  readonly subject: string;
  readonly body: string;
  /** What stands among the addresses and is none: nobody is written to there. */
  readonly wrong: readonly string[];
}

/**
 * A plain address, as HTML forms take it: no name beside it, no quotes, no comments, and nothing that
 * could end a line or begin another address.
 */
const ADDRESS =
  /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const ADDRESS_MAX = 254;

/** Everything that may end a header's line, or that a terminal obeys. */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
const SUBJECT_MAX = 500;

/**
 * The letter of an event's payload (to, subject, body), or in words why there is none. Whoever wrote
 * the payload's texts writes one subject and one body, and to these addresses: no header of their own.
 */
export function letterOf(payload: object): Letter | string {
  const { to, subject, body } = payload as Partial<Record<string, unknown>>;
  if (!Array.isArray(to) || typeof subject !== 'string' || typeof body !== 'string') {
    return 'no letter: it needs to (a list of addresses), subject and body';
  }
  const given = [...new Set(to.map(String))];
  const addresses = given.filter(isAddress);
  const wrong = given.filter((text) => !isAddress(text));
  if (addresses.length === 0) return `no address among ${JSON.stringify(wrong)}`;
  const line = subject.replace(CONTROLS, ' ').trim().slice(0, SUBJECT_MAX);
  return { to: addresses, subject: line, body, wrong };
}

const isAddress = (text: string): boolean => text.length <= ADDRESS_MAX && ADDRESS.test(text);
