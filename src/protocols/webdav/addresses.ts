import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { StorageCause } from '../../vocabulary/index.js';
import { StorageError } from '../storage-error.js';

// Addresses that are never a storage on the Internet: this host, private and link-local networks,
// carrier-grade NAT, benchmarking, multicast and reserved ranges (IANA special-purpose registries).
const inner = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inner.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  // Each of these can carry an IPv4 address of the list above.
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
] as const) {
  inner.addSubnet(net, bits, 'ipv6');
}

/** Whether an IP address is loopback, link-local, private or otherwise not on the Internet. */
export function isPrivateAddress(address: string): boolean {
  // A zone index (fe80::1%eth0) only ever names a link-local address.
  if (address.includes('%')) return true;
  const version = isIP(address);
  if (version === 0) return true;
  return inner.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** Refuses a URL whose host is a literal private address: no DNS look-up happens for those. */
export function refusePrivateLiteral(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isPrivateAddress(host)) throw addressRefused(host, host);
}

/**
 * A DNS look-up for sockets that refuses a name with a private address. It is the look-up of the
 * connection itself, so the address that was checked is the address that is connected to.
 */
export const lookupPublic: LookupFunction = (hostname, options, done) => {
  const all: LookupOptions & { all: true } = { ...options, all: true };
  lookup(hostname, all, (error, addresses: LookupAddress[]) => {
    if (error !== null) return done(error, []);
    const bad = addresses.find(({ address }) => isPrivateAddress(address));
    if (bad !== undefined) return done(addressRefused(hostname, bad.address), []);
    const first = addresses[0];
    if (options.all === true) return done(null, addresses);
    if (first === undefined) return done(new Error(`no address for ${hostname}`), []);
    return done(null, first.address, first.family);
  });
};

function addressRefused(host: string, address: string): StorageError {
  const named = host === address ? host : `${host} (${address})`;
  return new StorageError(
    StorageCause.ADDRESS_REFUSED,
    `${named} is a private address; storage.allowPrivate would let storages live there`,
  );
}
