import { ruleOn, SCOPE, type Sized, type SizedLake } from './sized-lake.js';

/** Datasets that hold the same two files. */
async function filled(lake: SizedLake, tag: string, size: number) {
  const datasets = await lake.datasets(tag, size);
  const dids = await lake.files(`${tag}f`, 2, 'A-DISK');
  const attachments = datasets.map((did) => ({ ...did, dids }));
  await lake.send('POST', '/dids/attachments', attachments);
  return datasets;
}

/** A container of such datasets. */
async function container(lake: SizedLake, tag: string, size: number) {
  const dids = await filled(lake, tag, size);
  await lake.send('POST', `/dids/${SCOPE}/${tag}`, { type: 'CONTAINER', dids });
  return { scope: SCOPE, name: tag };
}

/** Files that each want something of their own; those of one size have it all. */
async function differing(lake: SizedLake, size: number, tag: string, more: (at: number) => object) {
  await lake.files(`${tag}f`, 1, 'A-DISK');
  const [file] = lake.names(`${tag}f`, 1);
  const rse = 'B-DISK';
  const rules = (at: number) => [{ account: 'root', rse_expression: rse, ...more(at) }];
  const dids = lake.names(tag, size);
  return [
    'POST',
    '/dids',
    dids.map((did, at) => ({ ...did, type: 'DATASET', dids: [file], rules: rules(at) })),
  ] as const;
}

/** Requests for rules on much at once. They leave so many that other listings of rules have several pages. */
export const aboutManyRules: Readonly<Record<string, Sized>> = {
  'a rule over a container': async (lake, size, tag) => [
    'POST',
    '/rules/',
    ruleOn([await container(lake, tag, size)]),
  ],
  'a rule that keeps a container together': async (lake, size, tag) => {
    const together = { rse_expression: '*', copies: 2, grouping: 'ALL' };
    return ['POST', '/rules/', ruleOn([await container(lake, tag, size)], together)];
  },
  'a rule that spreads a container': async (lake, size, tag) => {
    const spread = { rse_expression: '*', copies: 2, grouping: 'NONE' };
    return ['POST', '/rules/', ruleOn([await container(lake, tag, size)], spread)];
  },
  'rules on many containers': async (lake, size, tag) => {
    const dids = [];
    for (let at = 0; at < size; at++) dids.push(await container(lake, `${tag}c${at}`, 1));
    return ['POST', '/rules/', ruleOn(dids)];
  },
  'rules that spread many datasets': async (lake, size, tag) => {
    const dids = await filled(lake, tag, size);
    return ['POST', '/rules/', ruleOn(dids, { rse_expression: '*', grouping: 'NONE' })];
  },
  'rules on files and datasets by turns': async (lake, size, tag) => {
    const datasets = await filled(lake, tag, size);
    const files = await lake.files(`${tag}more`, size, 'A-DISK');
    return ['POST', '/rules/', ruleOn(datasets.flatMap((did, at) => [did, files[at]]))];
  },
  'DIDs with different rules': (lake, size, tag) =>
    differing(lake, size, tag, (at) => ({ comment: `${tag} ${at}` })),
  'DIDs with rules over different RSEs': async (lake, size, tag) => {
    const names = lake.names(tag.toUpperCase(), size).map(({ name }) => name);
    await lake.send('POST', '/import', {
      rses: Object.fromEntries(names.map((name) => [name, {}])),
    });
    return await differing(lake, size, tag, (at) => ({ rse_expression: `B-DISK|${names[at]}` }));
  },
  'DIDs with rules of different accounts': async (lake, size, tag) => {
    for (const { name } of lake.names(tag, size)) {
      await lake.send('POST', `/accounts/${name}`, { type: 'USER', email: null });
      await lake.send('POST', `/accounts/${name}/limits/local/B-DISK`, { bytes: -1 });
    }
    return await differing(lake, size, tag, (at) => ({ account: `${tag}_${at}` }));
  },
  'DIDs with different rules that wait for approval': (lake, size, tag) =>
    differing(lake, size, tag, (at) => ({ ask_approval: true, comment: `${tag} ${at}` })),
  'DIDs with rules of different phases': (lake, size, tag) =>
    differing(lake, size, tag, (at) => ({
      phases: [
        { rse_expression: 'B-DISK', copies: 1, for: `${at + 1}d` },
        { rse_expression: 'C-DISK', copies: 1 },
      ],
    })),
  'DIDs with rules of different constraints': (lake, size, tag) =>
    differing(lake, size, tag, (at) => ({
      rse_expression: null,
      placement: {
        parts: [
          { copies: 1, rse_expression: 'B-DISK' },
          { copies: 1, rse_expression: at % 2 === 0 ? 'A-DISK|C-DISK' : 'C-DISK' },
        ],
      },
      comment: `${at}`,
    })),
};
