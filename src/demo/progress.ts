import { Presets, SingleBar } from 'cli-progress';

/** What the audience sees: chapters, facts, and a bar where something takes time. */
export interface Stage {
  chapter(title: string): void;
  say(line: string): void;
  /** Runs a bar from 0 to `total` while `measure` is polled; ends when it reaches the total. */
  until(
    label: string,
    total: number,
    measure: () => Promise<number>,
    deadlineMs?: number,
  ): Promise<void>;
}

const POLL_MS = 200;
const DEADLINE_MS = 60_000;

/** A stage on a terminal, or plain lines where there is none. */
export function terminalStage(startedAt = Date.now()): Stage {
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
  return {
    chapter: (title) => console.log(`\n[${seconds()} s] ${title}`),
    say: (line) => console.log(`          ${line}`),
    until: (label, total, measure, deadlineMs = DEADLINE_MS) =>
      follow(label, total, measure, Date.now() + deadlineMs),
  };
}

async function follow(
  label: string,
  total: number,
  measure: () => Promise<number>,
  deadline: number,
): Promise<void> {
  const bar = process.stdout.isTTY
    ? new SingleBar({ format: `          ${label} {bar} {value}/{total}` }, Presets.shades_classic)
    : undefined;
  bar?.start(total, 0);
  let reached = 0;
  while (reached < total) {
    reached = await measure();
    bar?.update(Math.min(reached, total));
    if (reached >= total) break;
    if (Date.now() > deadline) {
      bar?.stop();
      throw new Error(`${label}: only ${reached} of ${total} in time`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  bar?.stop();
  if (!bar) console.log(`          ${label}: ${reached}/${total}`);
}
