import { InvalidRuleWeight } from '../errors/index.js';
import { type Rse } from '../rses/index.js';

/** The weight of an RSE by an attribute, 1 where none is asked; null without it. Throws InvalidRuleWeight. */
export function weightOf(rse: Rse, attribute: string | null): number | null {
  if (attribute === null) return 1;
  const text = rse.attributes[attribute];
  if (text === undefined) return null;
  const weight = Number(text);
  if (text.trim() === '' || !Number.isFinite(weight)) {
    throw new InvalidRuleWeight(
      `Possible RSE '${rse.name}' has invalid weight value: '${attribute}' is '${text}', not a number`,
      { rse: rse.name, attribute, value: text },
    );
  }
  return weight > 0 ? weight : null;
}
