import { type RseId } from '../../vocabulary/index.js';
import { rateOf, secondsFor, type Traffic } from './arrival-times.js';
import { type Flow } from './flows.sql.js';
import { type Movement } from './plan.js';

/** What would be moved, the most first; what has no source comes last of as much. */
export function movesOf(
  flows: readonly Flow[],
  traffic: Traffic,
  nameOf: (id: RseId) => string,
): Movement[] {
  return flows
    .filter(({ fate }) => fate === 'source' || fate === 'awaited' || fate === 'stuck')
    .map((flow) => ({
      files: flow.files,
      bytes: flow.bytes,
      source: flow.source === null ? null : nameOf(flow.source),
      destination: nameOf(flow.destination),
      awaited: flow.fate === 'awaited',
      seconds: flow.source === null ? null : secondsOf(flow, flow.source, traffic),
    }))
    .toSorted(
      (a, b) =>
        (a.bytes === b.bytes ? 0 : a.bytes > b.bytes ? -1 : 1) || (keyOf(a) < keyOf(b) ? -1 : 1),
    );
}

const secondsOf = (flow: Flow, source: RseId, traffic: Traffic): number | null =>
  secondsFor(
    flow,
    rateOf(traffic, flow.destination, source) ?? rateOf(traffic, flow.destination, null),
  );

const keyOf = ({ source, destination }: Movement): string => `${source ?? '~'} ${destination}`;
