/**
 * One exchange on the wire: send a request exactly as the official client sends it, and write down
 * the answer with everything volatile replaced by a typed placeholder.
 */
import http from 'node:http';
import https from 'node:https';

/** Answer headers that a client reads; all others are the server's own business. */
const HEADERS_THAT_MATTER = [
  'location',
  'x-rucio-auth-account',
  'x-rucio-auth-accounts',
  'x-rucio-auth-token',
  'x-rucio-auth-token-expires',
  'exceptionclass',
  'exceptionmessage',
];

/** Values of these keys and headers are prose, or name the product: only that they are texts counts. */
const PROSE = new Set([
  'ExceptionMessage',
  'exceptionmessage',
  'x-rucio-auth-token',
  'version',
  'error',
  'rule_error',
  'last_error',
]);

const UUID = /^[0-9a-f]{32}$/;
const RFC_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} UTC$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;

/**
 * Sends one request: path as written, no Content-Type, no redirect followed.
 * Headers are those the official client sends with every call, then the exchange's own.
 * @returns {Promise<{status: number, headers: Record<string, string>, text: string}>}
 */
export function send(base, { method, path, headers = {}, body }, token) {
  const { protocol, hostname, port } = new URL(base);
  const payload =
    body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const sent = { Accept: '*/*', 'X-Rucio-VO': 'def' };
  if (token !== undefined) sent['X-Rucio-Auth-Token'] = token;
  Object.assign(sent, headers);
  if (payload !== undefined) sent['Content-Length'] = String(Buffer.byteLength(payload));
  const transport = protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path, method, headers: sent, rejectUnauthorized: false };
    const request = transport.request(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** Replaces `{name}` by its bound value in every string of a request; unknown names stay. */
export function bind(value, bindings) {
  if (typeof value === 'string') {
    return value.replace(/\{(\w+)\}/g, (all, name) => bindings[name] ?? all);
  }
  if (Array.isArray(value)) return value.map((item) => bind(item, bindings));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [bind(key, bindings), bind(item, bindings)]),
    );
  }
  return value;
}

/** Reads `0.id` or `name` out of a decoded body: the values that later requests speak of. */
export function capture(decoded, pointer) {
  return pointer.split('.').reduce((value, key) => value?.[key], decoded);
}

/** The body's value: lines of a stream as an array, one JSON value, or the text itself. */
export function decode({ headers, text }) {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/x-json-stream')) {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(parse);
  }
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/** JSON as Python writes it: `Infinity` may stand literally. */
function parse(text) {
  return JSON.parse(text.replace(/([:,[]\s*)(-?Infinity)(?=\s*[,}\]])/g, '$1"<$2>"'));
}

/**
 * The comparable form of an answer.
 * @param options.bindings captured values: they are written as `{name}`
 * @param options.known text of all requests so far: what a client sent comes back as it is
 * @param options.server its address, written as `{server}`
 * @param options.anyOrder rows and lists have no order of their own: they are sorted
 * @param options.ints keys whose numbers differ from run to run
 */
export function normalise(answer, { bindings, known, server, anyOrder = false, ints = [] }) {
  const names = new Map(Object.entries(bindings).map(([name, value]) => [value, `{${name}}`]));
  const context = { names, known, server, ints };
  const headers = {};
  for (const name of HEADERS_THAT_MATTER) {
    const value = answer.headers[name];
    if (value !== undefined) headers[name] = placeholder(name, value, context);
  }
  return {
    status: answer.status,
    contentType: answer.headers['content-type'] ?? null,
    headers,
    body: body(answer, context, anyOrder),
  };
}

function body(answer, context, anyOrder) {
  const type = answer.headers['content-type'] ?? '';
  if (answer.text === '') return { kind: 'empty' };
  if (type.startsWith('application/metalink4+xml')) {
    return { kind: 'xml', xml: answer.text.trim() };
  }
  const decoded = decode(answer);
  if (typeof decoded === 'string') return { kind: 'text', text: '<text>' };
  const walked = walk(decoded, context);
  const value = anyOrder ? sorted(walked) : walked;
  return type.startsWith('application/x-json-stream')
    ? { kind: 'lines', lines: value }
    : { kind: 'json', json: value };
}

/** Sorts every list in a value. */
function sorted(value) {
  if (Array.isArray(value)) {
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
  }
  return value;
}

function walk(value, context, key) {
  if (typeof value === 'string') return placeholder(key, value, context);
  if (Array.isArray(value)) return value.map((item) => walk(item, context));
  if (value !== null && typeof value === 'object') {
    // Rucio's own key order changes from run to run: the golden order is the alphabet's.
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, item]) => [context.names.get(k) ?? k, walk(item, context, k)]),
    );
  }
  return typeof value === 'number' && context.ints.includes(key) ? '<int>' : value;
}

function placeholder(key, value, { names, known, server }) {
  if (PROSE.has(key)) return '<text>';
  const name = names.get(value);
  if (name !== undefined) return name;
  if (UUID.test(value)) return known.includes(value) ? value : '<uuid>';
  if (RFC_DATE.test(value)) return '<date>';
  if (ISO_DATE.test(value)) return '<iso>';
  return value.replaceAll(server, '{server}');
}
