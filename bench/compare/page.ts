import { join } from 'node:path';
import { ROOT } from '../../test/interop/run/programs.js';
import { fillPart } from '../markdown.js';

const PAGE = join(ROOT, 'docs/performance.md');

/** Puts the tables into docs/performance.md, in the place of those that stand there. */
export function writePage(tables: string): string {
  fillPart(PAGE, 'npm run bench:clients -- --write', tables);
  return PAGE;
}
