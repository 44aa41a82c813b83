/**
 * Ways to move bytes between two storages: stream through this process, or let the destination
 * pull, or the source push.
 */

export { httpTpcTool } from './http-tpc/http-tpc-tool.js';
export { InProcessTool, type ToolLimits } from './in-process-tool.js';
export { streamTool } from './stream/stream-tool.js';
export * from './transfer-tool.js';
