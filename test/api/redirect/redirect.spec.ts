import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { XMLParser } from 'fast-xml-parser';
import { shelf } from '../../support/shelf.js';
import { file, ok, refused, type World, world } from '../dids/world.js';

let w: World;
beforeAll(async () => {
  w = await world();
  const { db } = w.api;
  await shelf(db, 'DISK', { scheme: 'https', attributes: { site: 'MARSEILLE', sign_url: 's3' } });
  await shelf(db, 'FAR', { scheme: 'davs' });
  const add = (rse: string, ...names: string[]) =>
    ok(w.root('POST', '/replicas', { rse, files: names.map((name) => file(name)) }));
  await add('DISK', 'f1', 'f2', '/grid/f3');
  await add('FAR', 'f1');
  await ok(w.root('POST', '/dids/km3net/run', { type: 'DATASET' }));
  const dids = ['f1', 'f2'].map((name) => ({ scope: 'km3net', name }));
  await ok(w.root('POST', '/dids/km3net/run/dids', { dids }));
});
afterAll(() => w.close());

/** Where anybody is sent to, without going there. */
const redirected = async (path: string) => {
  const { status, headers } = await axios.get(`${w.api.url}/redirect/km3net/${path}`, {
    maxRedirects: 0,
    validateStatus: () => true,
  });
  return { status, location: String(headers['location']), link: String(headers['link']) };
};
const metalink = async (path: string) => {
  const answer = await ok(w.api.anonymous('GET', `/redirect/km3net/${path}`));
  expect(answer.headers['content-type']).toBe('application/metalink4+xml');
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'file' || name === 'url',
  });
  return (
    parser.parse(answer.text) as {
      metalink: { file: { identity: string; url: { location: string; '#text': string }[] }[] };
    }
  ).metalink.file;
};

describe('GET /redirect/{scope}/{name}', () => {
  it('sends anybody to a copy, without a signature', async () => {
    const { status, location } = await redirected('f2');
    expect(status).toBe(303);
    expect(location).toMatch(/^https:\/\/disk\.example:443\/.*f2$/);
  });

  it('sends to the RSE or the site that is asked for, and to https where it is called davs', async () => {
    expect((await redirected('f1?rse=FAR')).location).toMatch(/^https:\/\/far\.example:443\//);
    expect((await redirected('f1?site=MARSEILLE')).location).toMatch(/^https:\/\/disk\.example/);
    expect((await redirected('f1?schemes=davs')).location).toMatch(/^https:\/\/far\.example/);
    expect((await redirected('f1?schemes=https&schemes=root')).location).toContain('//disk.');
    expect((await redirected('f1?select=geoip')).status).toBe(303);
  });

  it('names the metalink of the same question', async () => {
    const { link } = await redirected('f1?schemes=https,davs&sort=geoip');
    const [, path = ''] = /^<\/redirect\/km3net\/(.+)>; rel=describedby/.exec(link) ?? [];
    const [found] = await metalink(path);
    expect(found?.url.map(({ location }) => location).sort()).toEqual(['DISK', 'FAR']);
  });

  it('is refused where nothing fits', async () => {
    const refuse = (path: string) => refused(w.api.anonymous('GET', `/redirect/km3net/${path}`));
    expect(await refuse('none')).toBe('404 ReplicaNotFound');
    expect(await refuse('f2?rse=FAR')).toBe('404 ReplicaNotFound');
    expect(await refuse('f1?site=NOWHERE')).toBe('404 ReplicaNotFound');
    expect(await refuse('f1?select=colour')).toBe('400 SortingAlgorithmNotSupported');
  });
});

describe('GET /redirect/{scope}/{name}/metalink', () => {
  it('lists every copy of a file or of all files of a dataset, without signatures', async () => {
    const files = await metalink('run/metalink');
    expect(files.map(({ identity }) => identity)).toEqual(['km3net:f1', 'km3net:f2']);
    expect(files[0]?.url.map((url) => url['#text']).join()).not.toContain('authz');
    const [slashed] = await metalink('%2Fgrid%2Ff3/metalink?schemes=https');
    expect(slashed?.identity).toBe('km3net:/grid/f3');
  });

  it('is refused where nothing is known, and to who wants something else', async () => {
    const { anonymous } = w.api;
    expect(await refused(anonymous('GET', '/redirect/km3net/none/metalink'))).toBe(
      '404 ReplicaNotFound',
    );
    const wants = { Accept: 'text/html' };
    expect(await refused(anonymous('GET', '/redirect/km3net/f1/metalink', undefined, wants))).toBe(
      '406 UnsupportedRequestedContentType',
    );
  });
});
