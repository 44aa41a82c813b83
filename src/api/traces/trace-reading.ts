import { type TracedCopy } from '../../replicas/index.js';

/** What traces say about copies. */
export interface TraceReading {
  readonly read: readonly TracedCopy[];
  /** Read in vain: the copy was not there, or was not what the catalogue says. */
  readonly failed: readonly TracedCopy[];
}

/** Client states of the official client after a copy was read, and after it was read in vain. */
const READ = ['DONE'];
const FAILED = ['FAILED', 'FAIL_VALIDATE'];
/** `touch` says that a file was read without a download. */
const TOUCH = 'touch';

/** Which copies traces of downloads speak of; everything else says nothing about a copy. */
export function readTraces(traces: readonly object[]): TraceReading {
  const read: TracedCopy[] = [];
  const failed: TracedCopy[] = [];
  for (const trace of traces) {
    const { scope, filename, remoteSite, clientState, eventType } = trace as Record<
      string,
      unknown
    >;
    if (!isText(scope) || !isText(filename) || !isText(remoteSite) || !isText(eventType)) continue;
    const copy = { scope, name: filename, rse: remoteSite };
    if (eventType === TOUCH) read.push(copy);
    if (!/^(download|get)/.test(eventType)) continue;
    if (READ.includes(String(clientState))) read.push(copy);
    if (FAILED.includes(String(clientState))) failed.push(copy);
  }
  return { read, failed };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
