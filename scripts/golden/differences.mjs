/**
 * Where Sluice answers otherwise than Rucio on purpose. Each has a name, and its reason stands in
 * src/api/wire/quirks.md under that name. What is not listed here must agree with the golden files.
 */

const set = (answer, changes) => {
  const copy = structuredClone(answer);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop();
    let target = copy;
    for (const key of keys) target = target[key];
    target[last] = value;
  }
  return copy;
};

const errorClass = (answer) => answer.headers.exceptionclass;
const refusal = { status: '4xx', body: { kind: 'any' } };

/** Status by class where Rucio's view forgot to map it, or says 401 for what is no bad token. */
const STATUS = {
  AccessDenied: 403,
  CannotAuthenticate: 401,
  FileConsistencyMismatch: 412,
  InvalidObject: 400,
  InvalidRSEExpression: 400,
  InvalidSourceReplicaExpression: 400,
  InvalidValueForKey: 400,
  ReplicaNotFound: 404,
  RSENotFound: 404,
  RSEProtocolNotSupported: 404,
  UnsupportedOperation: 409,
};

/** Differences that hold wherever their condition does. */
const EVERYWHERE = [
  {
    name: 'access-denied-is-403',
    applies: ({ answer }) => errorClass(answer) === 'AccessDenied',
    adapt: (answer) => ({ ...answer, status: STATUS.AccessDenied }),
  },
  {
    name: 'unsupported-operation-is-409',
    applies: ({ answer }) => errorClass(answer) === 'UnsupportedOperation' && answer.status === 401,
    adapt: (answer) => ({ ...answer, status: STATUS.UnsupportedOperation }),
  },
  {
    name: 'no-500-for-bad-input',
    applies: ({ answer }) => answer.status === 500,
    adapt: (answer) =>
      errorClass(answer) in STATUS
        ? { ...answer, status: STATUS[errorClass(answer)] }
        : { ...answer, ...refusal },
  },
  {
    name: 'a-slash-at-the-end-changes-nothing',
    applies: ({ answer }) => answer.status === 308,
    adapt: (answer) => ({ ...answer, status: 200, headers: {}, body: { kind: 'any' } }),
  },
  {
    name: 'unknown-paths-and-methods',
    applies: ({ answer }) => [404, 405].includes(answer.status) && answer.body.kind === 'text',
    adapt: (answer) => ({ ...answer, body: { kind: 'any' } }),
  },
];

/** Differences of one exchange: chapter, title, name, and the values that Sluice answers. */
const SINGLE = [];

const single = (chapter, title, name, changes) =>
  SINGLE.push({
    name,
    applies: (exchange) => exchange.chapter === chapter && exchange.title === title,
    adapt: (answer) => set(answer, changes),
  });

// Sizes of open collections are kept as they grow; Rucio leaves them null until closing.
const DS1 = { 'body.json.length': 3, 'body.json.bytes': 6000 };
single('dids', 'an open dataset', 'sizes-of-open-datasets', DS1);
single('dids', 'a name with a slash in front is read', 'sizes-of-open-datasets', {
  'body.json.length': 0,
  'body.json.bytes': 0,
});
single('dids', 'the same, already decoded', 'sizes-of-open-datasets', {
  'body.json.length': 0,
  'body.json.bytes': 0,
});
single('search', 'long rows', 'sizes-of-open-datasets', {
  'body.lines.0.length': 3,
  'body.lines.0.bytes': 6000,
});

// A parameter that is missing in a query has one class, whatever the route.
single('operators', 'requests of no state', 'a-missing-parameter-is-a-value-error', {
  'headers.exceptionclass': 'ValueError',
  'body.json.ExceptionClass': 'ValueError',
});

// What is placed for many directories at once is placed when the request is over.
const PLACED_LATER = 'directories-are-placed-by-the-injector';
single('dirac', 'the rule of its dataset', PLACED_LATER, { 'body.lines.0.state': 'INJECT' });
single('dirac', 'the rule of its dataset', 'no-activity-is-the-usual-one', {
  'body.lines.0.activity': 'User Subscriptions',
});

// Every class has one status, whatever the route.
single('accounts', 'a userpass identity without a password', 'one-status-a-class', { status: 404 });
single('rses', 'availability said twice', 'one-status-a-class', { status: 400 });

// The order of the request is kept: Snakemake pairs the rows with its list by position.
SINGLE.push({
  name: 'bulk-metadata-in-the-order-of-the-request',
  applies: ({ chapter, title }) => chapter === 'metadata' && title === 'metadata of several',
  adapt: (answer) => set(answer, { 'body.lines': answer.body.lines.toReversed() }),
});

// Dataset replicas are derived when they are read; Rucio's wait for a daemon to count them.
const datasetReplica = (name, length, bytes) => ({
  accessed_at: null,
  available_bytes: bytes,
  available_length: length,
  bytes,
  created_at: '<date>',
  length,
  name,
  rse: 'WIRE-DISK-1',
  rse_id: '<uuid>',
  scope: 'wire',
  state: 'AVAILABLE',
  updated_at: '<date>',
});
const STREAM = 'application/x-json-stream';
single('replicas', 'dataset replicas', 'dataset-replicas-are-derived', {
  contentType: STREAM,
  body: { kind: 'lines', lines: [datasetReplica('ds1', 3, 6000)] },
});
single('replicas', 'dataset replicas of several', 'dataset-replicas-are-derived', {
  contentType: STREAM,
  body: { kind: 'lines', lines: [datasetReplica('ds2', 1, 1000), datasetReplica('ds1', 3, 6000)] },
});

// A copy that contradicts the catalogue is refused; Rucio registers it and keeps the old size.
const mismatch = { ExceptionClass: 'FileConsistencyMismatch', ExceptionMessage: '<text>' };
single('replicas', 'a copy with another size', 'a-copy-with-another-size-is-refused', {
  status: STATUS.FileConsistencyMismatch,
  contentType: 'application/octet-stream',
  headers: { exceptionclass: 'FileConsistencyMismatch', exceptionmessage: '<text>' },
  body: { kind: 'json', json: mismatch },
});
SINGLE.push({
  name: 'a-copy-with-another-size-is-refused',
  applies: ({ chapter, title }) =>
    chapter === 'listing' && title === 'one file with several copies',
  adapt: (answer) => {
    const copy = structuredClone(answer);
    const [row] = copy.body.lines;
    delete row.pfns['https://tape.wire.example:443/data/wire/d9/49/rep1.root'];
    delete row.rses['WIRE-TAPE'];
    delete row.states['WIRE-TAPE'];
    return copy;
  },
});

// Physical names lead back to files of whatever scheme; Rucio asks for an srm protocol first.
single('replicas', 'which DID is it', 'pfns-lead-to-files', {
  status: 200,
  contentType: STREAM,
  headers: {},
  body: {
    kind: 'lines',
    lines: [
      {
        'https://disk1.wire.example:443/data/wire/3d/3d/rep4.root': {
          name: 'rep4.root',
          scope: 'wire',
        },
      },
    ],
  },
});

const odd = (name) => ({
  [`https://odd.wire.example:443/data/some/where/${name}`]: { name, scope: 'wire' },
});
single('bad-replicas', 'the files behind physical names', 'pfns-lead-to-files', {
  status: 200,
  contentType: STREAM,
  headers: {},
  body: { kind: 'lines', lines: [odd('bad1'), odd('bad2')] },
});

// A name is written as everywhere else.
single('bad-replicas', 'an unknown name', 'names-have-a-colon', {
  'body.json.WIRE-ODD': ['wire:nothing Unknown replica'],
});

// A parent is told once, however many ways lead to it.
single('listing', 'a container, with parents', 'parents-once-each', {
  'body.lines.1.parents': ['wire:bulk1', 'wire:ds1', 'wire:c1', 'wire:top', 'wire:ds2'],
});
SINGLE.push({
  name: 'parents-once-each',
  applies: ({ chapter, title }) =>
    chapter === 'listing' && title === 'a container as a metalink, with parents',
  adapt: (answer) => {
    const twice = '   <did>wire:ds2</did>\n   <did>wire:c1</did>\n   <did>wire:top</did>\n';
    const xml = answer.body.xml.replace(twice, '   <did>wire:ds2</did>\n');
    return set(answer, { 'body.xml': xml });
  },
});

// Usage counts a lock as soon as it is made; Rucio's waits for a daemon to count it.
single('rules', 'usage of root', 'usage-counts-at-once', {
  'body.lines.0.bytes': 7000,
  'body.lines.0.files': 4,
  'body.lines.0.bytes_remaining': 1000000000 - 7000,
});

for (const title of [
  'an expression that is none',
  'an expression that matches nothing',
  'an activity that does not exist',
  'a grouping that does not exist',
  'a comment that is too long',
  'an option that does not exist',
]) {
  single('rules', title, 'one-status-a-class', { status: 400 });
}

// `rucio rule list --traverse` reads the bytes of a rule that it asked for by its id.
SINGLE.push({
  name: 'a-rule-has-its-bytes',
  applies: ({ method, path, answer }) =>
    method === 'GET' && /^\/rules\/[^/?]+$/.test(path) && answer.body.json?.rse_expression,
  adapt: (answer) => set(answer, { 'body.json.bytes': '<any>' }),
});

// How a rule is repaired, and how often it was, stands beside what Rucio says of it.
const isRule = (row) => row !== null && typeof row === 'object' && 'locks_stuck_cnt' in row;
const rowsOf = ({ body }) => body.lines ?? (body.kind === 'json' ? [body.json] : []);
SINGLE.push({
  name: 'rules-say-how-they-are-repaired',
  applies: ({ method, path, answer }) =>
    method === 'GET' && !path.includes('/history') && rowsOf(answer).some(isRule),
  adapt: (answer) => {
    const copy = structuredClone(answer);
    for (const row of rowsOf(copy).filter(isRule)) {
      Object.assign(row, { repair: null, repair_attempts: 0 });
    }
    return copy;
  },
});

// JSON is called JSON; Rucio's list of ids has Flask's content type.
SINGLE.push({
  name: 'new-rule-ids-are-json',
  applies: ({ method, path, answer }) =>
    method === 'POST' && path === '/rules/' && answer.status === 201,
  adapt: (answer) => ({ ...answer, contentType: 'application/json' }),
});

// A rule that is set stuck has stuck locks, and counts them; Rucio's counters stay.
single('rules', 'a rule after its changes', 'a-stuck-rule-has-stuck-locks', {
  'body.json.locks_replicating_cnt': 0,
  'body.json.locks_stuck_cnt': 3,
});

// `false` is what clients write for no lifetime; Rucio's update takes it for no change.
single('subscriptions', 'without a lifetime', 'false-ends-a-lifetime', {
  'body.lines.0.lifetime': null,
});

// A rule without an activity has the usual one, in a subscription too.
SINGLE.push({
  name: 'no-activity-is-the-usual-one',
  applies: ({ chapter, title }) => chapter === 'subscriptions' && title === 'no activity',
  adapt: () => ({
    status: 201,
    contentType: null,
    headers: {},
    body: { kind: 'text', text: '<text>' },
  }),
});

// Whose password it is not, learns no accounts; who has no choice gets an error; who is alone, a token.
const REFUSED = {
  status: 401,
  contentType: 'application/octet-stream',
  headers: { exceptionclass: 'CannotAuthenticate', exceptionmessage: '<text>' },
  body: {
    kind: 'json',
    json: { ExceptionClass: 'CannotAuthenticate', ExceptionMessage: '<text>' },
  },
};
SINGLE.push({
  name: 'several-accounts-are-json-and-an-error-too',
  applies: ({ path, answer }) => path === '/auth/userpass' && answer.status === 206,
  adapt: (answer) => ({
    ...answer,
    contentType: 'application/json',
    headers: { ...answer.headers, ...REFUSED.headers },
  }),
});
SINGLE.push({
  name: 'several-accounts-are-for-who-has-the-password',
  applies: ({ title }) =>
    ['several accounts and a wrong password', 'several accounts for who cannot choose'].includes(
      title,
    ),
  adapt: () => REFUSED,
});
SINGLE.push({
  name: 'an-account-that-is-not-active-is-no-choice',
  applies: ({ title }) => title === 'a suspended account among several',
  adapt: () => ({
    status: 200,
    contentType: 'application/octet-stream',
    headers: {
      'x-rucio-auth-account': 'wire-uno',
      'x-rucio-auth-token': '<text>',
      'x-rucio-auth-token-expires': '<date>',
    },
    body: { kind: 'empty' },
  }),
});
SINGLE.push({
  name: 'logins-are-by-user-name-and-password',
  applies: ({ path }) =>
    /^\/auth\/(gss|ssh|ssh_challenge_token|saml|oidc|oidc_code|oidc_redirect)$/.test(path),
  adapt: () => REFUSED,
});

/** The names of all differences: quirks.md is held against them. */
export const names = [...new Set([...EVERYWHERE, ...SINGLE].map(({ name }) => name))];

/**
 * The answer that Sluice owes for an exchange of the story.
 * @returns {{answer: object, differences: string[]}} the golden answer, adapted, and by which names
 */
export function owed(exchange) {
  const differences = [...EVERYWHERE, ...SINGLE].filter(({ applies }) => applies(exchange));
  return {
    answer: differences.reduce((answer, { adapt }) => adapt(answer), exchange.answer),
    differences: differences.map(({ name }) => name),
  };
}
