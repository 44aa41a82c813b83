/**
 * Makes a small lake at a real Rucio and prints what it exports, for test/golden/export/rucio.json:
 *
 *   node scripts/golden/record-export.mjs URL USERNAME PASSWORD > test/golden/export/rucio.json
 *
 * The server must be fresh, and `export` must be among the endpoints of its rucio.cfg.
 */
const [url, username, password] = process.argv.slice(2);
if (password === undefined) {
  process.stderr.write('usage: record-export.mjs URL USERNAME PASSWORD\n');
  process.exit(2);
}

const DOMAINS = {
  lan: { read: 1, write: 1, delete: 1 },
  wan: { read: 2, write: 1, delete: 1, third_party_copy_read: 1, third_party_copy_write: null },
};
const protocol = (port, extended) => ({
  scheme: 'https',
  impl: 'rucio.rse.protocols.webdav.Default',
  hostname: 'disk.example',
  port,
  prefix: '/data/',
  domains: DOMAINS,
  extended_attributes: extended,
});

const login = await fetch(`${url}/auth/userpass`, {
  headers: {
    'X-Rucio-Account': 'root',
    'X-Rucio-Username': username,
    'X-Rucio-Password': password,
  },
});
const token = login.headers.get('x-rucio-auth-token') ?? '';

async function call(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'X-Rucio-Auth-Token': token },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (answer.ok) return await answer.text();
  throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

await call('POST', '/rses/TAPE-1', {
  rse_type: 'TAPE',
  deterministic: false,
  staging_area: true,
  continent: 'EU',
  ISP: 'GEANT',
  ASN: '1',
  city: 'Toulon',
  latitude: 43.1,
  longitude: 5.9,
});
await call('PUT', '/rses/TAPE-1', { availability_write: false, qos_class: 'SAFE' });
await call('POST', '/rses/DISK-1', { country_name: 'France', volatile: true });
await call('POST', '/rses/BARE', {});
const attributes = { tier: 1, lfn2pfn_algorithm: 'identity', verify_checksum: false, site: 'S' };
for (const [key, value] of Object.entries(attributes)) {
  await call('POST', `/rses/DISK-1/attr/${key}`, { value });
}
await call('POST', '/rses/DISK-1/protocols/https', protocol(443, { ca: 'PEM' }));
await call('POST', '/rses/DISK-1/protocols/https', protocol(8443, null));
await call('PUT', '/rses/DISK-1/limits', { name: 'MinFreeSpace', value: 1000 });
await call('POST', '/rses/TAPE-1/distances/DISK-1', { distance: 3, bidirectional: true });
await call('POST', '/rses/BARE/distances/DISK-1', { distance: 0 });

const document = JSON.parse(await call('GET', '/export?distance=True'));
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
