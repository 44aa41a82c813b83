import { type GlobalQuota, UNLIMITED } from '../../accounts/index.js';
import { type Rse } from '../../rses/index.js';
import { wireId } from '../../vocabulary/index.js';

/** Bytes as the wire has them: the bare word Infinity where there is no bound. */
export const presentBytes = (bytes: bigint | null): bigint | number =>
  bytes === null || bytes === UNLIMITED ? Number.POSITIVE_INFINITY : bytes;

/** What a limit leaves. Clients calculate with it, so it is never null. */
const remaining = (limit: bigint | null, used: bigint): bigint | number =>
  limit === null || limit === UNLIMITED ? Number.POSITIVE_INFINITY : limit - used;

/** The local limits of an account by RSE name. */
export const presentLocalLimits = (
  limits: ReadonlyMap<number, bigint>,
  rses: ReadonlyMap<number, Rse>,
): Record<string, bigint | number> =>
  Object.fromEntries(
    [...limits].map(([rseId, bytes]) => [rses.get(rseId)?.name ?? '', presentBytes(bytes)]),
  );

/** The global limits of an account by expression, with what each names now. */
export const presentGlobalLimits = (quotas: readonly GlobalQuota[]) =>
  Object.fromEntries(
    quotas.map(({ expression, rses, limit }) => [
      expression,
      {
        resolved_rses: rses.map(({ name }) => name),
        resolved_rse_ids: rses.map(({ uid }) => wireId(uid)),
        limit: presentBytes(limit),
      },
    ]),
  );

/** What an account has and may have at one RSE. No limit is a limit of nothing. */
export const presentLocalUsage = (
  rse: Rse,
  used: { readonly bytes: bigint; readonly files: bigint } | undefined,
  limit: bigint | undefined,
) => {
  const { bytes, files } = used ?? { bytes: 0n, files: 0n };
  return {
    rse_id: wireId(rse.uid),
    rse: rse.name,
    bytes,
    files,
    bytes_limit: presentBytes(limit ?? 0n),
    bytes_remaining: remaining(limit ?? 0n, bytes),
  };
};

/** What an account has and may have at all RSEs of an expression. */
export const presentGlobalUsage = ({ expression, used, files, limit }: GlobalQuota) => ({
  rse_expression: expression,
  bytes: used,
  files,
  bytes_limit: presentBytes(limit),
  bytes_remaining: remaining(limit, used),
});
