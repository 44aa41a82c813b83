/** What differs between a golden answer and a server's, as sentences; none means they agree. */

/**
 * @param expected the golden answer, already adapted by the named differences
 * @param actual the normalised answer of the server under test
 * @returns {string[]} one line a difference: where, what was expected, what came
 */
export function compare(expected, actual) {
  const found = [];
  const differ = (where, want, got) =>
    found.push(`${where}: expected ${brief(want)}, got ${brief(got)}`);
  if (!matchesStatus(expected.status, actual.status)) {
    differ('status', expected.status, actual.status);
  }
  if (expected.body.kind === 'any') return found;
  const prose = ['text', 'empty'];
  // An empty stream is a stream: without its type the client would read it as text.
  const stream = expected.contentType === 'application/x-json-stream';
  if (prose.includes(expected.body.kind) && !stream) {
    // Clients ignore the text of such answers and its type.
    if (!prose.includes(actual.body.kind))
      differ('body.kind', expected.body.kind, actual.body.kind);
  } else {
    if (expected.contentType !== actual.contentType) {
      differ('contentType', expected.contentType, actual.contentType);
    }
    walk('body', expected.body, actual.body, differ);
  }
  walk('headers', expected.headers, actual.headers, differ);
  return found;
}

/** `4xx` in a named difference stands for any refusal. */
function matchesStatus(expected, actual) {
  return expected === '4xx' ? actual >= 400 && actual < 500 : expected === actual;
}

function walk(where, want, got, differ) {
  if (want === '<any>') return;
  if (Array.isArray(want) && Array.isArray(got)) {
    if (want.length !== got.length) differ(`${where}.length`, want.length, got.length);
    want.forEach((item, i) => i < got.length && walk(`${where}[${i}]`, item, got[i], differ));
    got
      .slice(want.length)
      .forEach((item, i) => differ(`${where}[${want.length + i}]`, undefined, item));
    return;
  }
  if (isObject(want) && isObject(got)) {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
      walk(`${where}.${key}`, want[key], got[key], differ);
    }
    return;
  }
  if (want !== got) differ(where, want, got);
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function brief(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
