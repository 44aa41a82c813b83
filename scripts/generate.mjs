// Writes what is generated from sources in this tree: the parser of RSE expressions.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import peggy from 'peggy';

const path = (name) => fileURLToPath(new URL(`../src/rses/expression/${name}`, import.meta.url));

/** The generated parser as text: an ES module with `parse` and `SyntaxError`. */
export function generateParser() {
  const grammar = readFileSync(path('grammar.pegjs'), 'utf8');
  const source = peggy.generate(grammar, { output: 'source', format: 'es' });
  return `// Generated from grammar.pegjs by \`npm run generate\`. Do not edit.\n${source}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path('parser.generated.js'), generateParser());
}
