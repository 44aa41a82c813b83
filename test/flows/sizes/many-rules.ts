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
};
