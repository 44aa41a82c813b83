import { describe, expect, it } from '@jest/globals';
import {
  RSEOperationNotSupported,
  RSEProtocolDomainNotSupported,
  RSEProtocolPriorityError,
} from '../../src/errors/index.js';
import { chooseProtocols, type RseProtocol } from '../../src/rses/index.js';
import { changeDomains, NO_DOMAINS } from '../../src/rses/protocol-domains.js';

const protocol = (scheme: string, wanRead: number | null): RseProtocol => ({
  rseId: 1,
  scheme,
  hostname: 'a.example',
  port: 443,
  prefix: '/',
  impl: 'webdav',
  domains: changeDomains(NO_DOMAINS, { wan: { read: wanRead } }),
  extendedAttributes: null,
});
const schemes = (protocols: readonly RseProtocol[]) => protocols.map(({ scheme }) => scheme);

describe('choosing protocols', () => {
  const all = [
    protocol('root', 2),
    protocol('s3', null),
    protocol('https', 1),
    protocol('davs', 0),
    protocol('http', 2),
  ];

  it('puts small priorities first, keeps the order of equals, leaves out null', () => {
    const chosen = chooseProtocols(all, { domain: 'wan', operation: 'read' });
    expect(schemes(chosen)).toEqual(['davs', 'https', 'root', 'http']);
  });

  it('knows what is not supported in the domain or for the operation', () => {
    expect(chooseProtocols(all, { domain: 'lan', operation: 'read' })).toEqual([]);
    expect(chooseProtocols(all, { domain: 'wan', operation: 'write' })).toEqual([]);
  });

  it('takes only the schemes asked for', () => {
    const need = { domain: 'wan', operation: 'read', schemes: ['root', 's3'] } as const;
    expect(schemes(chooseProtocols(all, need))).toEqual(['root']);
  });
});

describe('priorities', () => {
  it('that are not given stay as they were', () => {
    const before = changeDomains(NO_DOMAINS, { lan: { read: 1 }, wan: { read: 2, write: 3 } });
    const after = changeDomains(before, { wan: { write: null } });
    expect(after.lan.read).toBe(1);
    expect(after.wan).toMatchObject({ read: 2, write: null, delete: null });
  });

  it.each([
    [{ moon: { read: 1 } }, RSEProtocolDomainNotSupported],
    [{ wan: { fly: 1 } }, RSEOperationNotSupported],
    [{ wan: { read: -1 } }, RSEProtocolPriorityError],
    [{ wan: { read: 1.5 } }, RSEProtocolPriorityError],
    [{ wan: { read: '1' } }, RSEProtocolPriorityError],
    [{ wan: { read: 2 ** 40 } }, RSEProtocolPriorityError],
  ])('%j are refused', (given, fact) => {
    expect(() => changeDomains(NO_DOMAINS, given)).toThrow(fact);
  });
});
