export { httpTpcTool } from './http-tpc/http-tpc-tool.js';
export { InProcessTool, type ToolLimits } from './in-process-tool.js';
export { streamTool } from './stream/stream-tool.js';
export * from './transfer-tool.js';
