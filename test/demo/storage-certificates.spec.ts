import { beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Authority, makeAuthority } from '../../src/demo/certificates.js';

describe('the certificates of the demo', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await makeAuthority();
  });

  it('come from an authority that signs itself', () => {
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it('name every host, and belong to their key', async () => {
    const { certificate, key } = await authority.issue('127.0.0.1', 'localhost', '::1');
    const issued = new X509Certificate(certificate);
    const by = new X509Certificate(authority.certificate);
    expect(issued.checkIssued(by) && issued.verify(by.publicKey)).toBe(true);
    expect(issued.ca).toBe(false);
    expect(issued.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(issued.checkHost('localhost')).toBe('localhost');
    expect(issued.checkHost('example.org')).toBeUndefined();
    expect(issued.checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  it('each have a serial number of their own', async () => {
    const [a, b] = await Promise.all([authority.issue('a'), authority.issue('a')]);
    const serial = (pem: string) => new X509Certificate(pem).serialNumber;
    expect(serial(a.certificate)).not.toBe(serial(b.certificate));
  });
});
