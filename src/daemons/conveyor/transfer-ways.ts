import { type Config } from '../../config/index.js';
import { type StorageRegistry } from '../../protocols/index.js';
import { type Operation } from '../../rses/index.js';
import { httpTpcTool, streamTool, type TransferTool } from '../../transfertools/index.js';

/** A transfer tool, and which protocols of an RSE it uses at each end. */
export interface TransferWay {
  readonly tool: TransferTool;
  readonly from: Operation;
  readonly to: Operation;
}

/** Every way to move bytes, the one that costs this process least first. `onFinished`: one is over. */
export function transferWays(
  storages: StorageRegistry,
  { requests, storage }: Pick<Config, 'requests' | 'storage'>,
  onFinished: () => void,
): TransferWay[] {
  const { inFlightMax, perStorageMax } = requests;
  const limits = { inFlightMax, perStorageMax, stallMs: storage.timeoutBaseMs, onFinished };
  return [
    {
      tool: httpTpcTool(storages, limits),
      from: 'third_party_copy_read',
      to: 'third_party_copy_write',
    },
    { tool: streamTool(storages, limits), from: 'read', to: 'write' },
  ];
}
