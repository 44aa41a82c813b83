/**
 * Parts of Rucio that Sluice does not have. Clients know the class; 501 tells them that it is not a
 * matter of when or how they ask.
 */
export class NotOffered extends Error {
  constructor(what: string) {
    super(`This server does not offer ${what}`);
  }
}

const ABSENT: Readonly<Record<string, string>> = {
  opendata: 'open data (opendata)',
  vos: 'several virtual organisations (vos): it serves one, def',
};

/** What a path asks for that is not offered at all, whatever the method; undefined of others. */
export function notOffered(path: string): NotOffered | undefined {
  const [, resource = ''] = path.split('/', 2);
  const what = Object.hasOwn(ABSENT, resource) ? ABSENT[resource] : undefined;
  return what === undefined ? undefined : new NotOffered(what);
}
