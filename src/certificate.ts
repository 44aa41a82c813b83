import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigurationError } from './config/index.js';
import { type Log } from './log/index.js';

/** Where the certificate (with those that vouch for it, PEM) and its private key lie. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate that fits its key, as Node's https takes them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What is asked of Node's https.Server. */
export interface TlsServer {
  setSecureContext(certificate: Certificate): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Throws ConfigurationError where a file cannot be read or the key is not the certificate's. */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  const certificate = {
    cert: readText(certFile, 'server.tls.certFile'),
    key: readText(keyFile, 'server.tls.keyFile'),
  };
  try {
    createSecureContext(certificate);
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigurationError([
      `server.tls: ${certFile} and ${keyFile} are no certificate and its key: ${why}`,
    ]);
  }
  return certificate;
}

/**
 * Lets a listening server follow its files: new connections get a renewed certificate within
 * `periodMs`, those that are open stay. Files are looked into and not watched, as a renewal may
 * replace them, a link, or a directory above. Half of a renewal is not taken: the next look sees both.
 */
export function followCertificate(
  server: TlsServer,
  files: CertificateFiles,
  options: { readonly inUse: Certificate; readonly periodMs: number; readonly log: Log },
): void {
  let { inUse } = options;
  let told = '';
  const look = () => {
    try {
      const found = readCertificate(files);
      told = '';
      if (found.cert === inUse.cert && found.key === inUse.key) return;
      server.setSecureContext(found);
      inUse = found;
      options.log.info({ file: files.certFile }, 'the renewed certificate is in use');
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) options.log.warn({ err: error }, 'the old certificate stays in use');
      told = message;
    }
  };
  const timer = setInterval(look, options.periodMs).unref();
  server.once('close', () => clearInterval(timer));
}

function readText(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError([`${setting}: ${(error as Error).message}`]);
  }
}
