/** The words that chapters are written in: one call, one request. Root speaks unless `as` says so. */
const request =
  (method) =>
  (title, path, body, options = {}) => ({
    title,
    as: 'root',
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...options,
  });

export const post = request('POST');
export const put = request('PUT');
export const del = request('DELETE');
/** A GET, which has no body. */
export const get = (title, path, options = {}) => request('GET')(title, path, undefined, options);

/** Form encoding of one path segment or query value, as the official client does it. */
export function quote(text) {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+');
}

/** The path of a DID below a resource: scope and name, each encoded, one slash between. */
export const at = (scope, name) => `${quote(scope)}/${quote(name)}`;

/** A search: `filters` is the text of a Python literal. */
export const search = (scope, filters, rest = 'type=collection&long=False') =>
  `/dids/${quote(scope)}/dids/search?${rest}&filters=${quote(filters)}`;
