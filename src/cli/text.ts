import { styleText } from 'node:util';

export { readableBytes as inBytes } from '../vocabulary/index.js';

type Style = Parameters<typeof styleText>[0];

/** Styles text, on a terminal that has colours and only there (NO_COLOR is respected). */
export const styled = (style: Style, text: string): string =>
  process.stdout.isTTY && process.stdout.hasColors() ? styleText(style, text) : text;

/** A line of a table: text to the left, what is marked by `number` to the right. */
export type Row = readonly (string | { readonly right: string })[];

/** Marks a cell of a table that ends at its column's right edge. */
export const right = (text: string): { readonly right: string } => ({ right: text });

/**
 * Lines with their columns two spaces apart, each indented by `indent` spaces; styles take no room.
 * The last column is not padded.
 */
export function table(rows: readonly Row[], indent = 0): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, widthOf(textOf(cell)))));
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const text = textOf(cell);
      const space = ' '.repeat((widths[at] ?? 0) - widthOf(text));
      return typeof cell === 'string' ? text + space : space + text;
    });
    return `${' '.repeat(indent)}${cells.join('  ')}`.trimEnd();
  });
}

const textOf = (cell: Row[number]): string => (typeof cell === 'string' ? cell : cell.right);

/** What a terminal shows of it. */
const widthOf = (text: string): number => [...text.replace(/\u001b\[[0-9;]*m/g, '')].length;

/** A count with thousands set apart: `1,000,000`. */
export const inCount = (count: number): string => count.toLocaleString('en-US');

/** `1 file`, `2 files`, `2 copies`. */
export const counted = (count: number, noun: string): string =>
  `${inCount(count)} ${count === 1 ? noun : `${noun}s`.replace(/ys$/, 'ies')}`;

/** Seconds as people say them, in its two largest units: `3 h 20 min`. */
export function inTime(seconds: number): string {
  if (seconds < 1) return 'less than 1 s';
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const at = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[at] ?? units[3];
  const [nextName, nextSize] = units[at + 1] ?? ['', 0];
  const whole = Math.floor(seconds / size);
  const rest = nextSize > 0 ? Math.round((seconds - whole * size) / nextSize) : 0;
  if (nextSize > 0 && rest * nextSize >= size) return inTime((whole + 1) * size);
  return rest > 0 ? `${whole} ${name} ${rest} ${nextName}` : `${whole} ${name}`;
}
