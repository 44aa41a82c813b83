import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openService, parseDid, Refusal, Unreachable, UsageError } from '../../src/cli/service.js';
import { ROOT_PASSWORD } from '../support/api.js';
import { commandLine } from '../support/command-line.js';

const cli = commandLine((api) => api.root('POST', '/rses/A-DISK', {}));
const { directory, passwordFile } = cli;
const asRoot = () => openService(cli.options());

describe('a running Sluice, from the command line', () => {
  it('gives answers as values and as they came', async () => {
    const service = await asRoot();
    const one = await service.get<{ rse: string }>('/rses/A-DISK');
    expect(one.body.rse).toBe('A-DISK');
    expect(JSON.parse(one.text)).toEqual(one.body);
    const lines = await service.get<{ rse: string }[]>('/rses');
    expect(lines.body.map(({ rse }) => rse)).toEqual(['A-DISK']);
  });

  it('takes a token instead of a password', async () => {
    const { headers } = await cli.api.anonymous('GET', '/auth/userpass', undefined, {
      'X-Rucio-Account': 'root',
      'X-Rucio-Username': 'root',
      'X-Rucio-Password': ROOT_PASSWORD,
    });
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, headers['x-rucio-auth-token'] ?? '');
    const service = await openService({ url: cli.api.url, tokenFile });
    expect((await service.get<string[]>('/rses')).body).toHaveLength(1);
  });

  it('logs in again when its token is over', async () => {
    const service = await asRoot();
    await cli.api.db.tx((tx) => tx.query('DELETE FROM tokens'));
    expect((await service.get<string[]>('/rses')).body).toHaveLength(1);
  });

  it('tells a refusal by its class and its words', async () => {
    const service = await asRoot();
    await expect(service.get('/rses/NOWHERE')).rejects.toThrow(Refusal);
    await expect(service.get('/rses/NOWHERE')).rejects.toThrow(/^RSENotFound: .*NOWHERE/);
    writeFileSync(join(directory, 'wrong'), 'wrong');
    await expect(
      openService({
        url: cli.api.url,
        username: 'root',
        account: 'root',
        passwordFile: join(directory, 'wrong'),
      }),
    ).rejects.toThrow(/^CannotAuthenticate: /);
  });

  it('says where nobody answers', async () => {
    const nowhere = openService({ url: 'http://127.0.0.1:1', username: 'root', passwordFile });
    await expect(nowhere).rejects.toThrow(Unreachable);
    await expect(nowhere).rejects.toThrow(/Nobody answers at http:\/\/127\.0\.0\.1:1/);
  });

  it('asks who it is', async () => {
    await expect(openService({ url: cli.api.url })).rejects.toThrow(UsageError);
  });

  it('reads DIDs as people write them', () => {
    expect(parseDid('lab:run:1')).toEqual({ scope: 'lab', name: 'run:1' });
    for (const wrong of ['lab', ':run', 'lab:', '']) {
      expect(() => parseDid(wrong)).toThrow(UsageError);
    }
  });
});
