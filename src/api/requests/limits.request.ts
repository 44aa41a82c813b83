import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type LimitKey, type LimitTerms } from '../../requests/index.js';
import {
  Activities,
  type Activity,
  activityIndex,
  Limits,
  TransferDirection,
  TransferDirectionCodec,
} from '../../vocabulary/index.js';
import { parseParameters } from '../wire/index.js';

/** What Rucio calls the limit of all activities together; null is the same. */
export const ALL_ACTIVITIES = 'all_activities';

const optionalText = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const count = Type.Optional(
  Type.Union([Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), Type.Null()]),
);

const KeyBody = Type.Object({
  rse_expression: Type.String({ minLength: 1, maxLength: Limits.expressionLength }),
  activity: optionalText,
  direction: optionalText,
});

const TermsBody = Type.Object({
  max_transfers: count,
  volume: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
  ),
  deadline: count,
  strategy: Type.Optional(
    Type.Union([Type.Literal('fifo'), Type.Literal('grouped_fifo'), Type.Null()]),
  ),
  transfers: count,
  waitings: count,
});

/** Which limit is meant: of the destination and of all activities, unless it says otherwise. */
export function parseLimitKey(body: unknown): LimitKey {
  const { rse_expression, activity, direction } = parseParameters(
    KeyBody,
    body,
    'a transfer limit',
  );
  return {
    rseExpression: rse_expression,
    activity: parseActivity(activity ?? ALL_ACTIVITIES),
    direction: parseDirection(direction ?? TransferDirection.DESTINATION),
  };
}

/** A limit, and what it is to say. */
export function parseTransferLimit(body: unknown): {
  readonly key: LimitKey;
  readonly terms: LimitTerms;
} {
  const key = parseLimitKey(body);
  const given = parseParameters(TermsBody, body, 'a transfer limit');
  const { max_transfers: maxTransfers = null, volume = null, deadline = null } = given;
  const { strategy = null, transfers = null, waitings = null } = given;
  return {
    key,
    terms: {
      maxTransfers,
      volume: volume === null ? null : BigInt(volume),
      deadline,
      strategy,
      transfers,
      waitings,
    },
  };
}

function parseActivity(text: string): number | null {
  if (text === ALL_ACTIVITIES) return null;
  const index = activityIndex(text as Activity);
  if (index >= 0) return index;
  throw new InvalidObject(
    `Problem validating activity: '${text}' is not one of ${ALL_ACTIVITIES}, ${Activities.join(', ')}`,
    { activity: text },
  );
}

/** By letter or name. */
function parseDirection(text: string): TransferDirection {
  const direction = TransferDirectionCodec.parse(text);
  if (direction !== undefined) return direction;
  throw new InvalidObject(
    `Problem validating direction: '${text}' is not one of ${TransferDirectionCodec.names.join(', ')}`,
    { direction: text },
  );
}
