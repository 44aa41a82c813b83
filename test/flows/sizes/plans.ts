import { ruleOn, type Sent, type Sized, type SizedLake } from './sized-lake.js';

/** Datasets of two files each. */
async function filledDatasets(lake: SizedLake, size: number, tag: string) {
  const dids = await lake.datasets(tag, size);
  const files = await lake.files(`${tag}f`, 2, 'A-DISK');
  await lake.send(
    'POST',
    '/dids/attachments',
    dids.map((did) => ({ ...did, dids: files })),
  );
  return dids;
}

/** A plan of so many rules, alike but for their DIDs, or with expressions of their own. */
export async function planOfRules(
  lake: SizedLake,
  size: number,
  tag: string,
  expressionOf: (at: number) => string,
): Promise<Sent> {
  const dids = await filledDatasets(lake, size, tag);
  const rules = dids.map((did, at) => ruleOn([did], { rse_expression: expressionOf(at) }));
  return ['POST', '/rules/plan', { rules }];
}

/** Requests that plan. */
export const aboutPlans: Readonly<Record<string, Sized>> = {
  'planning a rule over a dataset': async (lake, size, tag) => {
    await lake.dataset(tag, size);
    return [
      'POST',
      '/rules/plan',
      ruleOn([{ scope: 'km3net', name: tag }], { copies: 2, rse_expression: '*' }),
    ];
  },
  'planning a rule on many datasets': async (lake, size, tag) => [
    'POST',
    '/rules/plan',
    ruleOn(await filledDatasets(lake, size, tag)),
  ],
  'planning a subscription': async (lake, size, tag) => {
    await filledDatasets(lake, size, tag);
    const filter = { scope: ['km3net'], pattern: `${tag}_`, did_type: ['DATASET'] };
    const replication_rules = [{ copies: 1, rse_expression: 'B-DISK' }];
    return ['POST', '/rules/plan', { subscription: { filter, replication_rules } }];
  },
  'planning that an RSE leaves': async (lake, size, tag) => {
    const rse = tag.toUpperCase();
    await lake.send('POST', `/rses/${rse}`, {});
    const dids = await filledDatasets(lake, size, tag);
    await lake.send('POST', '/rules/', ruleOn(dids, { rse_expression: rse }));
    return ['POST', '/rules/plan', { rse_leaves: rse }];
  },
};
