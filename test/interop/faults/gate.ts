import { connect, createServer, type Socket } from 'node:net';
import { Transform, type TransformCallback } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * A stretch of network in front of a storage server: bytes go through it unread, so that TLS is the
 * server's own. It can be slow, stand still, break, lead to another server, and change a byte.
 */
export interface Gate {
  readonly port: number;
  /** `https://localhost:PORT`. */
  readonly url: string;
  /** Bytes that have come back from the server. */
  readonly bytesOut: number;
  /** The port behind it; connections that stand keep their old one. */
  leadTo(port: number): void;
  /** At most so many bytes a second in each direction of a connection; null: as fast as it goes. */
  limit(bytesPerSecond: number | null): void;
  /** Nothing goes through until `release`, and no connection notices. */
  hold(): void;
  release(): void;
  /** Breaks every connection that stands. */
  cut(): void;
  /** Changes one byte of what is sent to the server, so many bytes into the next long connection. */
  damageAfter(bytes: number): void;
  close(): Promise<void>;
}

/** Opens a gate on a free port. */
export async function openGate(to: number): Promise<Gate> {
  const state = new Passage(to);
  const server = createServer((client) => state.admit(client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    url: `https://localhost:${port}`,
    get bytesOut() {
      return state.bytesOut;
    },
    leadTo: (other) => void (state.to = other),
    limit: (bytesPerSecond) => void (state.bytesPerSecond = bytesPerSecond),
    hold: () => state.hold(),
    release: () => state.release(),
    cut: () => state.cut(),
    damageAfter: (bytes) => void (state.damageAt = bytes),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      state.release();
      state.cut();
      await closed;
    },
  };
}

/** The longest piece that is let through at once while the speed is limited. */
const PIECE_MS = 20;

class Passage {
  bytesPerSecond: number | null = null;
  damageAt: number | null = null;
  bytesOut = 0;
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;
  readonly #sockets = new Set<Socket>();

  constructor(public to: number) {}

  admit(client: Socket): void {
    const server = connect({ port: this.to, host: '127.0.0.1' });
    const ends = [client, server];
    for (const socket of ends) {
      this.#sockets.add(socket);
      // A broken connection is what this is for; the other half breaks with it.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        for (const end of ends) end.destroy();
      });
    }
    client.pipe(this.#way(true)).pipe(server);
    server.pipe(this.#way(false)).pipe(client);
  }

  hold(): void {
    this.#open = new Promise((resolve) => (this.#release = resolve));
  }

  release(): void {
    this.#release();
    this.#open = Promise.resolve();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #way(toServer: boolean): Transform {
    let seen = 0;
    const pass = async (chunk: Buffer, push: (piece: Buffer) => void) => {
      for (let at = 0; at < chunk.length;) {
        await this.#open;
        const piece = this.#piece(chunk, at);
        if (toServer) this.#damage(piece, seen);
        push(piece);
        at += piece.length;
        seen += piece.length;
        if (!toServer) this.bytesOut += piece.length;
        const speed = this.bytesPerSecond;
        if (speed !== null) await pause((piece.length * 1000) / speed);
      }
    };
    return new Transform({
      transform(chunk: Buffer, _encoding, done: TransformCallback) {
        const way = pass(chunk, (piece) => void this.push(piece));
        way.then(() => done(), done);
      },
    });
  }

  #piece(chunk: Buffer, at: number): Buffer {
    const most =
      this.bytesPerSecond === null
        ? chunk.length
        : Math.max(1, Math.floor((this.bytesPerSecond * PIECE_MS) / 1000));
    return chunk.subarray(at, at + most);
  }

  #damage(piece: Buffer, seen: number): void {
    if (this.damageAt === null || seen + piece.length <= this.damageAt) return;
    const at = Math.max(0, this.damageAt - seen);
    piece.writeUInt8(piece.readUInt8(at) ^ 0xff, at);
    this.damageAt = null;
  }
}
