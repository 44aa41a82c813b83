import { once } from 'node:events';
import { type Client, type Connection, type Submittable } from 'pg';

/** What node-postgres's connection also has for COPY; its type declarations leave it out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Streams rows in COPY's text format (`\t` between columns, `\n` after a row, `\N` for null) into a
 * table; `chunks` may hold any number of whole rows each. Rejects with the server's error.
 */
export async function copyIn(
  client: Client,
  target: string,
  chunks: Iterable<string>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.query(new CopyIn(`COPY ${target} FROM STDIN`, chunks, resolve, reject));
  });
}

/** One COPY … FROM STDIN as node-postgres drives a query: its methods are called by the client. */
class CopyIn implements Submittable {
  private failure: Error | undefined;

  constructor(
    private readonly text: string,
    private readonly chunks: Iterable<string>,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    this.send(connection).catch((error: unknown) => {
      this.failure = error as Error;
      connection.sendCopyFail('the rows could not be made');
    });
  }

  handleCommandComplete(): void {
    // What follows is ReadyForQuery.
  }

  handleError(error: Error): void {
    this.failure ??= error;
    this.reject(this.failure);
  }

  handleReadyForQuery(): void {
    if (this.failure === undefined) this.resolve();
    else this.reject(this.failure);
  }

  /** Waits for the socket, or 10^7 rows would stand in our memory. */
  private async send(connection: CopyConnection): Promise<void> {
    for (const chunk of this.chunks) {
      if (this.failure !== undefined) return;
      connection.sendCopyFromChunk(Buffer.from(chunk));
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
    }
    connection.endCopyFrom();
  }
}
