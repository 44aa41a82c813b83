import { type Stats } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Fault } from './faults.js';
import { type Files } from './files.js';

/** One request with all that a method needs to answer it. */
export interface Exchange {
  files: Files;
  request: IncomingMessage;
  response: ServerResponse;
  /** The decoded path, without a slash at its end. */
  path: string;
  /** Whether the URL ended with a slash. */
  asDirectory: boolean;
  /** What stands there. */
  stats: Stats | null;
  /** The decoded path of the Destination header of a MOVE, and what stands there. */
  target: { path: string; stats: Stats | null } | null;
  fault: Fault | undefined;
  /** Tells a client that asked first (Expect: 100-continue) to send its body. */
  wantBody(): void;
  ca: string;
  markerMs: number;
}

/** Ends an exchange with a status and a line of text. */
export function answer(
  { response }: Pick<Exchange, 'response'>,
  status: number,
  text = '',
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }),
    ...headers,
  });
  response.end(text);
}
