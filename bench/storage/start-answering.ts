import { fork } from 'node:child_process';
import { once } from 'node:events';
import { makeAuthority } from '../../src/demo/certificates.js';

/** What the process is told: who it is. */
export interface AnsweringOrder {
  readonly certificate: string;
  readonly key: string;
}

/** A pair of storages that answer at once and move nothing. */
export interface AnsweringStorages {
  /** Who vouches for both (PEM). */
  readonly caPem: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly close: () => void;
}

/** Starts answering.ts in a process of its own; it ends with ours. */
export async function startAnswering(): Promise<AnsweringStorages> {
  const authority = await makeAuthority('bench');
  const order: AnsweringOrder = await authority.issue('localhost', '127.0.0.1');
  const child = fork('bench/storage/answering.ts', {
    execArgv: ['--import', './test/support/register-typescript.mjs'],
  });
  child.send(order);
  const [[sourcePort, destinationPort]] = (await once(child, 'message')) as [[number, number]];
  return {
    caPem: authority.certificate,
    sourcePort,
    destinationPort,
    close: () => child.disconnect(),
  };
}
