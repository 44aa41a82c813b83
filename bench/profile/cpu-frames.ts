import { type Profiler } from 'node:inspector';
import { below, type Frame } from './frame.js';

/** A stretch of time in µs of the machine's monotonic clock, which V8's samples carry too. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

/** Samples that are no work: V8 waits. */
const IDLE = new Set(['(idle)', '(program)']);

/** Adds the milliseconds of a profile's samples within a stretch to the frames below `root`. */
export function addCpuProfile(root: Frame, profile: Profiler.Profile, stretch: Stretch): void {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const stackOf = (id: number | undefined): Profiler.ProfileNode[] => {
    const node = id === undefined ? undefined : nodes.get(id);
    return node ? [...stackOf(parents.get(node.id)), node] : [];
  };
  let at = profile.startTime;
  (profile.samples ?? []).forEach((id, sample) => {
    const took = profile.timeDeltas?.[sample] ?? 0;
    at += took;
    if (at < stretch.from || at > stretch.to) return;
    const [, ...stack] = stackOf(id);
    if (stack.some(({ callFrame }) => IDLE.has(callFrame.functionName))) return;
    stack.reduce((parent, node) => below(parent, nameOf(node)), root).own += took / 1000;
  });
}

/** Function and file; packages by their names, our files from the project's root. */
function nameOf({ callFrame: { functionName, url } }: Profiler.ProfileNode): string {
  const [, packaged] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  const [, ours] = /\/((?:dist|src|bench)\/.*)$/.exec(url) ?? [];
  const place = packaged ?? ours?.replace(/^dist\//, '') ?? url;
  return `${functionName || 'anonymous'}${place ? ` ${place}` : ''}`;
}
