import { describe, expect, it } from '@jest/globals';
import { isPrivateAddress, lookupPublic } from '../../src/protocols/webdav/addresses.js';

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'no address',
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '188.184.1.1', '2001:1458::1', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it('refuses a name that leads to this host, at the look-up of the connection', async () => {
    for (const all of [true, false]) {
      const error = await new Promise((done) => lookupPublic('localhost', { all }, done));
      expect(error).toMatchObject({ code: 'ADDRESS_REFUSED' });
    }
  });
});
