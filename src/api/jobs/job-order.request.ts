import { Type } from 'typebox';
import { type Principal } from '../../accounts/index.js';
import { Limits, type NamingScheme } from '../../vocabulary/index.js';
import { text } from '../rules/rule-item.request.js';
import { orNull } from '../wire/index.js';

/** A key that nobody knows is an error. */
export const strict = { additionalProperties: false } as const;

export const name = (maxLength: number) => Type.String({ minLength: 1, maxLength });
export const expression = name(Limits.expressionLength);

/** What every job may say. */
export const common = { kind: text(50), comment: orNull(text(Limits.ruleCommentLength)) };

/** Who orders, and what a request may be about at most. */
export interface Orderer {
  readonly caller: Principal;
  readonly itemsMax: number;
  /** How a dataset may be called. */
  readonly naming: NamingScheme;
}
