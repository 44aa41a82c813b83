import { type StorageRegistry } from '../../protocols/index.js';
import { InProcessTool, type ToolLimits } from '../in-process-tool.js';
import { streamCopy } from '../stream/stream-copy.js';
import { copyBetween } from './copy-between.js';
import { KnownWays } from './known-ways.js';

/**
 * Lets one of two storages copy from or to the other by itself (third-party copy over https); this
 * process asks, watches and verifies. Where neither turns out to do it, the bytes of that transfer
 * pass through here after all, and further ones are left to other tools for a while.
 */
export function httpTpcTool(registry: StorageRegistry, limits: ToolLimits): InProcessTool {
  const known = new KnownWays(limits.now ?? (() => new Date()));
  return new InProcessTool('http-tpc', registry, limits, {
    canMove: (source, destination) => known.between(source, destination).length > 0,
    copy: copyBetween({ registry, known, otherwise: streamCopy }),
  });
}
