import { InvalidRSEExpression } from '../../errors/index.js';
import { Limits } from '../../vocabulary/index.js';
import { parse, SyntaxError as ExpressionSyntaxError } from './parser.generated.js';
import { type Expression } from './tree.js';

/** How deep parentheses open inside each other. */
function nesting(text: string): number {
  let open = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '(') deepest = Math.max(deepest, ++open);
    else if (character === ')') open--;
  }
  return deepest;
}

/**
 * Parses an RSE expression: `A|B&C\D` is `((A|B)&C)\D`, as on the reference server. Throws
 * InvalidRSEExpression that shows where the text stops making sense, or which bound it passes.
 */
export function parseExpression(text: string): Expression {
  if (text.length > Limits.expressionLength) {
    throw new InvalidRSEExpression(
      `RSE expression longer than ${Limits.expressionLength} characters`,
    );
  }
  if (nesting(text) > Limits.expressionDepth) {
    throw new InvalidRSEExpression(`RSE expression nested deeper than ${Limits.expressionDepth}`);
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error;
    const { offset } = error.location.start;
    const found = error.found === null ? 'its end' : `'${error.found}'`;
    throw new InvalidRSEExpression(
      `RSE expression '${text}' cannot be read at ${found}, position ${offset}`,
      { expression: text, position: offset },
    );
  }
}
