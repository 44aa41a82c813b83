import { type TransferLimit } from '../../requests/index.js';
import { Activities, TransferDirectionCodec, wireId } from '../../vocabulary/index.js';
import { ALL_ACTIVITIES } from './limits.request.js';

/** A transfer limit by Rucio's names. */
export const presentTransferLimit = (limit: TransferLimit) => ({
  id: wireId(limit.uid),
  rse_expression: limit.rseExpression,
  activity:
    limit.activity === null ? ALL_ACTIVITIES : (Activities[limit.activity] ?? ALL_ACTIVITIES),
  direction: TransferDirectionCodec.name(limit.direction),
  max_transfers: limit.maxTransfers,
  volume: limit.volume,
  deadline: limit.deadline,
  strategy: limit.strategy,
  transfers: limit.transfers,
  waitings: limit.waitings,
  created_at: limit.createdAt,
  updated_at: limit.updatedAt,
});
