import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Limits } from '../../src/vocabulary/index.js';

/** What each bound is of. Without one for each this does not compile. */
const WORDS: Readonly<Record<keyof typeof Limits, string>> = {
  accountLength: 'characters of the name of an account',
  scopeLength: 'characters of a scope',
  didNameLength: 'characters of the name of a DID, whatever the naming',
  bulkItems: 'DIDs of a request: rules, plans, metadata, listings',
  replicasPerRequest: 'copies of a request that registers or changes them',
  attachmentsPerRequest: 'attachments of a request',
  linksPerRequest: 'parents and children of a request about lineage',
  lineageDepth: 'steps of lineage that are walked',
  ruleCommentLength: 'characters of the comment of a rule or a job',
  ruleMetaLength: 'characters of the meta of a rule',
  rulePhases: 'phases of a rule',
  jobRules: 'rules that a job names by their ids',
  subscriptionNameLength: 'characters of the name of a subscription',
  subscriptionRules: 'rules of a subscription',
  taskDids: 'DIDs of a task: a group that has so many is full',
  taskDidsTold: 'DIDs that the event of a task names; of larger ones they are listed',
  placementParts: 'parts of a placement',
  placementAttributes: 'attributes in `distinct`',
  placementCopies: 'copies of a placement, and its `maxSkew`',
  filterPatterns: 'patterns of the filter of a subscription',
  patternLength: 'characters of a pattern',
  expressionLength: 'characters of an RSE expression, or of those of a placement together',
  expressionDepth: 'levels of parentheses in an RSE expression',
  filtersLength: 'characters of the filters of a search, or of a job',
  metaKeyLength: 'characters of a key of metadata',
  attributeKeyLength: 'characters of the name of an attribute',
  attributeValueLength: 'characters of the value of an attribute',
  maxBytes: 'bytes of a file',
};

const page = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
const written = page.split('\n').map((line) => line.replace(/ +/g, ' '));

describe('docs/limits.md', () => {
  it.each(Object.entries(WORDS))('says %s: %s', (key, words) => {
    const limit = Limits[key as keyof typeof Limits].toLocaleString('en');
    expect(written).toContain(`| ${words} | ${limit} |`);
  });

  it('is named by the front page', () => {
    const front = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(front).toContain('(docs/limits.md)');
  });
});
