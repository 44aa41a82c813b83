import { type DigestStream } from '../../protocols/index.js';
import { Cause } from '../../vocabulary/index.js';
import { TransferFailure } from '../transfer-failure.js';

/**
 * Watches bytes go by and says STALLED when none has come for `stallMs`; at the source if nothing
 * waits in the stream, at the destination if something does. Ends with the stream.
 */
export function watchStall(
  stream: DigestStream,
  stallMs: number,
  stalled: (failure: TransferFailure) => void,
): void {
  let seen = stream.bytes;
  const timer = setInterval(() => {
    if (stream.bytes !== seen) {
      seen = stream.bytes;
      return;
    }
    const side = stream.readableLength + stream.writableLength === 0 ? 'source' : 'destination';
    const message = `no byte for ${stallMs} ms after ${seen} bytes: the ${side} stands still`;
    stalled(new TransferFailure(Cause.STALLED, side, message));
  }, stallMs);
  const stop = () => clearInterval(timer);
  stream.once('end', stop).once('close', stop);
}
