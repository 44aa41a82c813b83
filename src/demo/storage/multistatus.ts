import { type Stats } from 'node:fs';
import { encodePath } from '../../protocols/index.js';

/** A 207 answer: an href is the absolute path, which the official client compares literally. */
export function multistatus(entries: readonly { path: string; stats: Stats }[]): string {
  const responses = entries.map(({ path, stats }) => {
    const directory = stats.isDirectory();
    const href = `${encodePath(path)}${directory && path !== '/' ? '/' : ''}`;
    return (
      `<D:response><D:href>${escape(href)}</D:href><D:propstat><D:prop>` +
      `<D:resourcetype>${directory ? '<D:collection/>' : ''}</D:resourcetype>` +
      (directory ? '' : `<D:getcontentlength>${stats.size}</D:getcontentlength>`) +
      `<D:getlastmodified>${stats.mtime.toUTCString()}</D:getlastmodified>` +
      `</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`
    );
  });
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n' +
    `<D:multistatus xmlns:D="DAV:">${responses.join('')}</D:multistatus>\n`
  );
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
