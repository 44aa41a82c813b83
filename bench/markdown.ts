import { readFileSync, writeFileSync } from 'node:fs';

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

/** A Markdown table: the first column to the left, figures to the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string =>
  [row(head), row(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');

/** The rows of the tables in a text that `table` wrote, without their heads. */
export const tablesOf = (text: string): string[][][] =>
  text
    .split('\n\n')
    .map((part) => part.split('\n').filter((line) => line.startsWith('| ')))
    .filter((lines) => lines.length > 1)
    .map((lines) => lines.slice(2).map((line) => line.slice(2, -2).split(' | ')));

const END = '<!-- end of measured -->';

/** From where to where the part of a name stands. Throws where the page has no such place. */
function boundsOf(page: string, name: string): { readonly from: number; readonly to: number } {
  const begin = `<!-- measured: ${name} -->`;
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(END, from);
  if (!page.includes(begin) || to < 0) throw new Error(`the page has no place for ${name}`);
  return { from, to };
}

/** What stands between `<!-- measured: NAME -->` and the next `<!-- end of measured -->`. */
export function partOf(page: string, name: string): string {
  const { from, to } = boundsOf(page, name);
  return page.slice(from, to).trim();
}

/** Puts a text into a page, in the place of what stands there. Throws where the page has no such place. */
export function fillPart(file: string, name: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const { from, to } = boundsOf(page, name);
  writeFileSync(file, `${page.slice(0, from)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}
