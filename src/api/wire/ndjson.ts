import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { toJson } from './json.js';
import { NDJSON } from './media-types.js';

/** Lines are gathered into chunks of about this many characters before the socket sees them. */
const CHUNK = 32 * 1024;

/** One line a row. A string is one line or several, already encoded, without the last newline. */
export type Line = object | string;

/**
 * Reads lines only as fast as the client does, never one more than a chunk needs, and closes the
 * source when the client goes away.
 */
class LineStream extends Readable {
  constructor(
    private readonly source: Iterator<Line> | AsyncIterator<Line>,
    private first: IteratorResult<Line> | undefined,
  ) {
    super({ highWaterMark: 2 * CHUNK });
  }

  override _read(): void {
    this.gather().then(
      (chunk) => this.push(chunk),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  /** The next chunk, or null at the end. */
  private async gather(): Promise<string | null> {
    let chunk = '';
    while (chunk.length < CHUNK) {
      const next = this.first ?? (await this.source.next());
      this.first = undefined;
      if (next.done) break;
      const line = next.value;
      chunk += typeof line === 'string' ? `${line}\n` : `${toJson(line)}\n`;
    }
    return chunk === '' ? null : chunk;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void Promise.resolve(this.source.return?.()).then(
      () => callback(error),
      (closing: Error) => callback(error ?? closing),
    );
  }
}

/**
 * Newline-delimited JSON of the rows, with back-pressure. It waits for the first row, so that a
 * failure before it is thrown here and becomes an ordinary error answer; a later one can only cut
 * the answer short, which clients notice by the missing end of the chunked body.
 */
export async function ndjson(rows: Iterable<Line> | AsyncIterable<Line>): Promise<Readable> {
  const source =
    Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  return new LineStream(source, await source.next());
}

/** What a controller returns to stream rows: `return streamRows(listRules(…))`. */
export async function streamRows(
  rows: Iterable<Line> | AsyncIterable<Line>,
): Promise<StreamableFile> {
  return new StreamableFile(await ndjson(rows), { type: NDJSON });
}
