import { type StorageRegistry } from '../../protocols/index.js';
import { InProcessTool, type ToolLimits } from '../in-process-tool.js';
import { streamCopy } from './stream-copy.js';

/** Moves bytes through this process, between any two storages that have a driver. */
export function streamTool(registry: StorageRegistry, limits: ToolLimits): InProcessTool {
  return new InProcessTool('stream', registry, limits, {
    canMove: (source, destination) => registry.supports(source) && registry.supports(destination),
    copy: streamCopy,
  });
}
