import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';
import { METALINK } from '../wire/index.js';
import { type ListedRow } from './listing.presenter.js';
import { METALINK_END, METALINK_HEAD, presentMetalink } from './metalink.presenter.js';

/**
 * Rows as one metalink document. Waits for the first row, so that what is wrong with the request is
 * told as an error. `empty` may throw where there is none; without it the document is empty.
 */
export async function streamMetalink(
  rows: AsyncGenerator<ListedRow, void, undefined>,
  empty?: () => never,
): Promise<StreamableFile> {
  const first = await rows.next();
  if (first.done) empty?.();
  async function* document(): AsyncGenerator<string, void, undefined> {
    yield METALINK_HEAD;
    if (!first.done) {
      yield presentMetalink(first.value);
      for await (const row of rows) yield presentMetalink(row);
    }
    yield METALINK_END;
  }
  return new StreamableFile(Readable.from(document(), { objectMode: false }), { type: METALINK });
}
