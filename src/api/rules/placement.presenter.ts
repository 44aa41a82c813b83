import { type PlacementConstraints } from '../../rules/index.js';

/** As `placement` is given. */
export const presentPlacement = ({ parts, distinct, maxSkew }: PlacementConstraints) => ({
  parts: parts.map(({ copies, rseExpression, weight }) => ({
    copies,
    rse_expression: rseExpression,
    ...(weight !== null && { weight }),
  })),
  distinct,
  ...(maxSkew !== null && { maxSkew }),
});
