import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate and its private key, both PEM. */
export interface Credentials {
  certificate: string;
  key: string;
}

/** A certificate authority of our own: `certificate` is what others have to trust (PEM). */
export interface Authority extends Credentials {
  /** A server certificate for these host names and addresses; the first is the common name. */
  issue(...hosts: string[]): Promise<Credentials>;
}

const DAY_MS = 86_400_000;

interface Subject {
  name: string;
  issuer: string;
  signer: string;
  days: number;
  extensions: object[];
}

/** Makes an authority (RSA 2048, ten years). Its key stays in this process's memory. */
export async function makeAuthority(name = 'Sluice demo authority'): Promise<Authority> {
  const key = await makeKey();
  const certificate = sign(key, {
    name,
    issuer: name,
    signer: key,
    days: 3650,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      { name: 'subjectKeyIdentifier' },
    ],
  });
  return authorityOf({ certificate, key });
}

/** The authority of a certificate and key that `makeAuthority` made, perhaps in another process. */
export function authorityOf({ certificate, key }: Credentials): Authority {
  const name = commonName(certificate);
  return { certificate, key, issue: (...hosts) => issueFor(hosts, name, key) };
}

function commonName(certificate: string): string {
  const field: unknown = forge.pki.certificateFromPem(certificate).subject.getField('CN');
  const value = (field as { value?: unknown } | null)?.value;
  if (typeof value !== 'string') throw new Error('the certificate of the authority has no name');
  return value;
}

async function issueFor(given: string[], issuer: string, signer: string): Promise<Credentials> {
  const hosts = given.length > 0 ? given : ['127.0.0.1', 'localhost'];
  const key = await makeKey();
  const certificate = sign(key, {
    name: hosts[0] ?? 'localhost',
    issuer,
    signer,
    days: 365,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: hosts.map(alternativeName) },
    ],
  });
  return { certificate, key };
}

/** Node makes an RSA key in tens of milliseconds, where plain JavaScript needs seconds. */
async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}

function sign(key: string, subject: Subject): string {
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  // A serial number is a positive integer without padding: the first byte is neither 0 nor negative.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  // Clocks differ a little.
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + subject.days * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: subject.name }]);
  certificate.setIssuer([{ name: 'commonName', value: subject.issuer }]);
  certificate.setExtensions(subject.extensions);
  certificate.sign(forge.pki.privateKeyFromPem(subject.signer), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}
