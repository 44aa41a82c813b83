/** An edge of a network, and how much must and may flow over it. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** How much may still be searched, in edges that are looked at. Below 0 it was given up. */
export interface Effort {
  left: number;
}

/**
 * Whole flows over the edges, each within its bounds, so that every node but `source` and `sink` lets
 * out what comes in; undefined if there are none. By a maximum flow with lower bounds moved into
 * demands (Ford and Fulkerson), along shortest paths (Edmonds and Karp). Pure and deterministic. Undefined
 * also where it was given up: see the effort.
 */
export function feasibleFlow(
  nodes: number,
  edges: readonly Edge[],
  { source, sink }: { readonly source: number; readonly sink: number },
  effort: Effort = { left: Number.MAX_SAFE_INTEGER },
): readonly number[] | undefined {
  const net = new Network(nodes + 2, effort);
  effort.left -= edges.length;
  const excess = new Array<number>(nodes).fill(0);
  for (const { from, to, low, high } of edges) {
    if (low > high) return undefined;
    net.add(from, to, high - low);
    excess[to] = (excess[to] ?? 0) + low;
    excess[from] = (excess[from] ?? 0) - low;
  }
  net.add(sink, source, Number.MAX_SAFE_INTEGER);
  let demand = 0;
  excess.forEach((amount, node) => {
    if (amount > 0) net.add(nodes, node, amount);
    if (amount < 0) net.add(node, nodes + 1, -amount);
    demand += Math.max(0, amount);
  });
  if (net.push(nodes, nodes + 1) < demand) return undefined;
  return edges.map(({ low }, at) => low + net.flow(at));
}

/** Arcs in pairs, each with its reverse beside it. */
class Network {
  private readonly to: number[] = [];
  private readonly room: number[] = [];
  private readonly out: number[][];

  constructor(
    nodes: number,
    private readonly effort: Effort,
  ) {
    this.out = Array.from({ length: nodes }, () => []);
  }

  add(from: number, to: number, room: number): void {
    this.out[from]?.push(this.to.length);
    this.out[to]?.push(this.to.length + 1);
    this.to.push(to, from);
    this.room.push(room, 0);
  }

  /** What goes over the n-th arc that was added. */
  flow(at: number): number {
    return this.room[2 * at + 1] ?? 0;
  }

  /** As much as can from one node to another. */
  push(from: number, to: number): number {
    let total = 0;
    for (let path = this.path(from, to); path; path = this.path(from, to)) {
      const amount = Math.min(...path.map((arc) => this.room[arc] ?? 0));
      for (const arc of path) {
        this.room[arc] = (this.room[arc] ?? 0) - amount;
        this.room[arc ^ 1] = (this.room[arc ^ 1] ?? 0) + amount;
      }
      total += amount;
    }
    return total;
  }

  /** A shortest path with room, as its arcs. */
  private path(from: number, to: number): number[] | undefined {
    const came = new Map<number, number>([[from, -1]]);
    const queue = [from];
    for (const node of queue) {
      if (this.effort.left < 0) return undefined;
      this.effort.left -= this.out[node]?.length ?? 0;
      for (const arc of this.out[node] ?? []) {
        const next = this.to[arc] ?? -1;
        if ((this.room[arc] ?? 0) <= 0 || came.has(next)) continue;
        came.set(next, arc);
        if (next === to) return this.back(came, to);
        queue.push(next);
      }
    }
    return undefined;
  }

  private back(came: ReadonlyMap<number, number>, to: number): number[] {
    const arcs: number[] = [];
    for (let arc = came.get(to) ?? -1; arc >= 0; arc = came.get(this.to[arc ^ 1] ?? -1) ?? -1) {
      arcs.push(arc);
    }
    return arcs;
  }
}
