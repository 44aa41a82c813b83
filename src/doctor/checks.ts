import { type Check } from './check.js';
import { copyChecks } from './copy-checks.js';
import { lockChecks } from './lock-checks.js';
import { ruleChecks } from './rule-checks.js';
import { sumChecks } from './sum-checks.js';

/** Every check, in the order in which mending one helps the next: locks, rules, copies, sums. */
export const checks: readonly Check[] = [...lockChecks, ...ruleChecks, ...copyChecks, ...sumChecks];

/** The checks of these names, all without. Throws RangeError that names the unknown one. */
export function checksNamed(names: readonly string[] | undefined): readonly Check[] {
  if (names === undefined || names.length === 0) return checks;
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) {
    const known = checks.map(({ name }) => name).join(', ');
    throw new RangeError(`unknown check '${unknown}'; there are ${known}`);
  }
  return checks.filter(({ name }) => names.includes(name));
}
