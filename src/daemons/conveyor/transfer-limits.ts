import { type Tx } from '../../db/index.js';
import {
  inFlight,
  type Load,
  lockTransferLimits,
  readingFrom,
  resolveBounds,
  type TransferBound,
  TransferRoom,
} from '../../requests/index.js';
import { TransferDirection } from '../../vocabulary/index.js';

const { SOURCE, DESTINATION } = TransferDirection;

const has = (bounds: readonly TransferBound[], direction: TransferDirection): boolean =>
  bounds.some((bound) => bound.direction === direction);

/** What is under way to destinations, and what limits leave there; for the claim that decides. */
export async function roomAtDestinations(
  tx: Tx,
  bounds: readonly TransferBound[],
): Promise<{ readonly loads: Load[]; readonly room?: TransferRoom }> {
  if (!has(bounds, DESTINATION)) return { loads: await inFlight(tx) };
  await lockTransferLimits(tx);
  const loads = await inFlight(tx);
  return { loads, room: new TransferRoom(await resolveBounds(tx, bounds, DESTINATION), loads) };
}

/** What limits leave at sources, or undefined where there are none. */
export async function roomAtSources(
  tx: Tx,
  bounds: readonly TransferBound[],
): Promise<TransferRoom | undefined> {
  if (!has(bounds, SOURCE)) return undefined;
  return new TransferRoom(await resolveBounds(tx, bounds, SOURCE), await readingFrom(tx));
}

/** The same for the transaction that begins the transfers: no other one decides meanwhile. */
export async function lastRoomAtSources(
  tx: Tx,
  bounds: readonly TransferBound[],
): Promise<TransferRoom | undefined> {
  if (has(bounds, SOURCE)) await lockTransferLimits(tx);
  return await roomAtSources(tx, bounds);
}
