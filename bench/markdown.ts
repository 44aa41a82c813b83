import { readFileSync, writeFileSync } from 'node:fs';

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

/** A Markdown table: the first column to the left, figures to the right. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string =>
  [row(head), row(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');

/**
 * Puts a text into a page, in the place of what stands between `<!-- measured: NAME -->` and the next
 * `<!-- end of measured -->`. Throws where the page has no such place.
 */
export function fillPart(file: string, name: string, text: string): void {
  const [begin, end] = [`<!-- measured: ${name} -->`, '<!-- end of measured -->'];
  const page = readFileSync(file, 'utf8');
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end, from);
  if (!page.includes(begin) || to < 0) throw new Error(`${file} has no place for ${name}`);
  writeFileSync(file, `${page.slice(0, from)}\n\n${text.trim()}\n\n${page.slice(to)}`);
}
