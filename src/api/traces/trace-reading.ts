import { type Access, type TracedCopy } from '../../replicas/index.js';
import { type DidName } from '../../vocabulary/index.js';

/** What traces say about copies. */
export interface TraceReading {
  readonly read: readonly Access[];
  /** Read in vain: the copy was not there, or was not what the catalogue says. */
  readonly failed: readonly TracedCopy[];
}

/** Client states of the official client after a copy was read, and after it was read in vain. */
const READ: readonly unknown[] = ['DONE'];
const FAILED: readonly unknown[] = ['FAILED', 'FAIL_VALIDATE'];
/** `touch` says that a file or dataset was read without a download. */
const TOUCH = 'touch';
/** Pilots of jobs tell of their reads as get, get_sm, sm_get; the client of downloads. */
const READS = /^(download|get|sm_get)/;
/** No name of ours is longer. */
const NAME_MAX = 500;
/** A trace may name several RSEs, with commas between them. */
const SITES_MAX = 10;

/** Which files, copies and datasets traces speak of; every other trace says nothing about one. */
export function readTraces(traces: readonly object[]): TraceReading {
  const read: Access[] = [];
  const failed: TracedCopy[] = [];
  for (const trace of traces as readonly Record<string, unknown>[]) {
    const file = nameFrom(trace['scope'], trace['filename']);
    const rses = sitesOf(trace['remoteSite']);
    const { clientState: state, eventType } = trace;
    if (!isText(eventType)) continue;
    const isTouch = eventType === TOUCH;
    if (!isTouch && !READS.test(eventType)) continue;
    if (file && (isTouch || READ.includes(state))) {
      if (rses.length === 0) read.push({ file, rse: null, dataset: null });
      read.push(...rses.map((rse) => ({ file, rse, dataset: null })));
    }
    const dataset = nameFrom(trace['datasetScope'], trace['dataset']);
    if (!file && isTouch && dataset) read.push({ file: null, rse: null, dataset });
    if (file && !isTouch && FAILED.includes(state)) {
      failed.push(...rses.map((rse) => ({ ...file, rse })));
    }
  }
  return { read, failed };
}

const nameFrom = (scope: unknown, name: unknown): DidName | null =>
  isText(scope) && isText(name) ? { scope, name } : null;

const sitesOf = (sites: unknown): string[] =>
  typeof sites === 'string'
    ? sites
        .split(',', SITES_MAX)
        .map((site) => site.trim())
        .filter(isText)
    : [];

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= NAME_MAX;
