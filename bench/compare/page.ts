import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../test/interop/run/programs.js';

const PAGE = join(ROOT, 'docs/performance.md');
const BEGIN = '<!-- npm run bench:clients -- --write: begin -->';
const END = '<!-- end -->';

/** Puts the tables into docs/performance.md, in the place of those that stand there. */
export function writePage(tables: string): string {
  const text = readFileSync(PAGE, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${PAGE} has no place for the tables`);
  const kept = text.slice(0, before + BEGIN.length);
  writeFileSync(PAGE, `${kept}\n\n${tables}\n\n${text.slice(after)}`);
  return PAGE;
}
