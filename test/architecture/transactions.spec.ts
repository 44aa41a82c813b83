import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { type Source, sources } from './sources.js';

/** What reaches the network or a file, by the name it is called with. */
const OUTSIDE =
  /^(axios|fetch|readFile|writeFile|stat|mkdir|rm|rename|createReadStream|createWriteStream|connect|storages?|driver|tool|protocol)$/;

/** Calls inside `….tx(…)` whose root object or function reaches outside. */
function outsideCalls({ path, text }: Source): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const rootOf = (node: ts.Expression): string => {
    if (ts.isIdentifier(node)) return node.text;
    if (ts.isPropertyAccessExpression(node)) {
      return ts.isIdentifier(node.expression) || node.expression.kind === ts.SyntaxKind.ThisKeyword
        ? node.expression.getText()
        : rootOf(node.expression);
    }
    return '';
  };
  const visit = (node: ts.Node, inside: boolean): void => {
    let within = inside;
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      if (inside && OUTSIDE.test(rootOf(callee))) found.push(`${path}: ${callee.getText()}`);
      within ||= ts.isPropertyAccessExpression(callee) && callee.name.text === 'tx';
    }
    ts.forEachChild(node, (child) => visit(child, within));
  };
  visit(file, false);
  return found;
}

describe('an open transaction', () => {
  it('sees no network and no file', () => {
    expect(sources.flatMap(outsideCalls)).toEqual([]);
  });
});
