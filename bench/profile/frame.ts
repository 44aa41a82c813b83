/** A frame of a flame graph: what was spent in it and not below it, and what stands below it. */
export interface Frame {
  readonly name: string;
  own: number;
  /** How often it ran, where that is known. */
  times: number;
  readonly below: Map<string, Frame>;
}

export const frame = (name: string): Frame => ({ name, own: 0, times: 0, below: new Map() });

/** The frame of that name below another one; made where there is none. */
export function below(parent: Frame, name: string): Frame {
  let child = parent.below.get(name);
  if (!child) parent.below.set(name, (child = frame(name)));
  return child;
}

/** What was spent in a frame and everything below it. */
export const total = ({ own, below: children }: Frame): number =>
  [...children.values()].reduce((sum, child) => sum + total(child), own);
