import { type Answer } from './exchange.mjs';
import { type Expected } from './differences.mjs';

export function compare(expected: Expected, actual: Answer): string[];
