import { Transform, type TransformCallback } from 'node:stream';

/** Changes the first byte that goes by. */
export function damage(): Transform {
  let done = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, next: TransformCallback) {
      const copy = Buffer.from(chunk);
      if (!done && copy.length > 0) copy.writeUInt8(copy.readUInt8(0) ^ 0xff, 0);
      done = true;
      next(null, copy);
    },
  });
}

/** Lets so many bytes pass and then nothing more, without an end. */
export function staller(bytes: number): Transform {
  return afterBytes(bytes, () => undefined);
}

/** Lets so many bytes pass and then breaks. */
export function cutter(bytes: number): Transform {
  return afterBytes(bytes, (next) => next(new Error('cut')));
}

/** Lets so many bytes pass and drops the rest. */
export function shortener(bytes: number): Transform {
  return afterBytes(bytes, (next) => next());
}

function afterBytes(bytes: number, then: (next: TransformCallback) => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, next: TransformCallback) {
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      if (passed.length > 0) this.push(passed);
      if (left > 0) next();
      else then(next);
    },
  });
}
