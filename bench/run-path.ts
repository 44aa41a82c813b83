import { type Lab } from './lab.js';
import { type Cost, measure, median, type Meters } from './measure.js';
import { type Path } from './path.js';
import { type Result } from './report.js';

/** Whose CPU is Sluice's on this path. */
function metersOf({ meters }: Lab, { inProcess }: Path): Meters {
  if (inProcess !== true) return meters;
  return { ...meters, services: () => [...meters.services(), process.pid] };
}

/** Prepares a path, runs it and its floor in turn, and tells the median run. */
export async function runPath(lab: Lab, path: Path, asked?: number): Promise<Result> {
  try {
    return await repeat(lab, path, asked);
  } finally {
    await path.after?.(lab);
  }
}

async function repeat(lab: Lab, path: Path, asked: number | undefined): Promise<Result> {
  const costs: Cost[] = [];
  const floors: Cost[] = [];
  await path.prepare?.(lab);
  // What can be done only once stays so.
  const repetitions = path.repetitions === 1 ? 1 : (asked ?? path.repetitions ?? 3);
  for (let round = 0; round < repetitions; round++) {
    await path.before?.(lab, round);
    costs.push(await measure(() => path.run(lab, round), metersOf(lab, path)));
    if (path.floor) {
      floors.push(await measure(async () => path.floor?.(lab, round), lab.meters));
    }
  }
  const figures = (await path.figures?.(lab)) ?? [];
  return {
    path,
    figures,
    runs: costs.length,
    ...median(costs),
    leastCpu: Math.min(...costs.map(({ node, postgres }) => node + postgres)),
    floor: floors.length > 0 ? median(floors).cost : null,
  };
}
