import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '../../src/demo/certificates.js';
import { openSink } from '../../src/sinks/index.js';
import { type SmtpSinkSettings } from '../../src/sinks/smtp-sink.js';
import { type PostOffice, postOffice, type PostOfficeOptions } from '../support/post-office.js';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority('A mail authority');
});

const folder = mkdtempSync(join(tmpdir(), 'letters-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const offices: PostOffice[] = [];
const open = async (options?: PostOfficeOptions) => {
  const office = await postOffice(options);
  offices.push(office);
  return office;
};
afterEach(async () => {
  for (const office of offices.splice(0)) await office.close();
  rmSync(join(folder, 'password'), { force: true });
});

type Smtp = Partial<SmtpSinkSettings['smtp']>;
const sinkAt = ({ port }: PostOffice, smtp: Smtp = { tls: 'none' }) =>
  openSink({
    name: 'letters',
    smtp: { host: '127.0.0.1', port, from: 'sluice@example.org', ...smtp },
    timeoutMs: 5000,
  });

const event = (payload: object = {}, id = '4711') => ({
  id,
  eventType: 'email',
  payload: { to: ['jdoe@example.org'], subject: 'A rule is OK', body: 'All copies.', ...payload },
  createdAt: new Date('2026-11-21T12:00:00Z'),
});
const delivery = () => ({
  source: 'https://sluice.example.org:8443',
  signal: new AbortController().signal,
});
const header = (office: PostOffice, name: string, at = 0) =>
  office.arrived[at]?.headers.filter(([key]) => key === name).map(([, value]) => value);

describe('a letter', () => {
  it('arrives, and is the same when it is sent again', async () => {
    const office = await open();
    const sink = sinkAt(office);
    expect(sink.events).toEqual(['email']);
    expect(await sink.deliver([event()], delivery())).toEqual([]);
    await sink.deliver([event()], delivery());
    const [first, second] = office.arrived;
    expect(first).toMatchObject({
      from: 'sluice@example.org',
      to: ['jdoe@example.org'],
      body: 'All copies.\r\n',
      user: undefined,
    });
    expect(first?.headers).toEqual(
      expect.arrayContaining([
        ['from', 'sluice@example.org'],
        ['to', 'jdoe@example.org'],
        ['subject', 'A rule is OK'],
        ['message-id', '<4711.1795262400000@sluice.example.org>'],
        ['date', 'Sat, 21 Nov 2026 12:00:00 +0000'],
        ['auto-submitted', 'auto-generated'],
      ]),
    );
    expect(second).toEqual(first);
  });

  it('in any language, with a line that is a dot only', async () => {
    const office = await open();
    const body = 'Température\n.\nQUIT\n..\nend';
    await sinkAt(office).deliver([event({ subject: 'Règle κ', body })], delivery());
    expect(office.arrived).toHaveLength(1);
    expect(header(office, 'subject')?.[0]).toMatch(/^=\?UTF-8\?/i);
    const { body: came = '' } = office.arrived[0] ?? {};
    const plain = came.replace(/=\r\n/g, '').replaceAll('\r\n', '\n');
    expect(decodeURIComponent(plain.replace(/=([0-9A-F]{2})/g, '%$1')).trimEnd()).toBe(body);
  });

  it('cannot be given a header by what stands in it', async () => {
    const office = await open();
    const sink = sinkAt(office);
    const subject = 'Rule\r\nBcc: all@example.org\r\nContent-Type: text/html\r\n\r\n<h1>';
    await sink.deliver([event({ subject })], delivery());
    const names = office.arrived[0]?.headers.map(([name]) => name);
    expect(new Set(names).size).toBe(names?.length);
    expect(names).not.toContain('bcc');
    expect(header(office, 'content-type')?.[0]).toMatch(/^text\/plain/);
    expect(office.arrived[0]?.to).toEqual(['jdoe@example.org']);
    const to = [
      'jdoe@example.org\r\nBcc: all@example.org',
      'x@example.org>\r\nRCPT TO:<y@example.org',
    ];
    await expect(sink.deliver([event({ to })], delivery())).rejects.toMatchObject({
      refused: true,
    });
    expect(office.arrived).toHaveLength(1);
  });
});

describe('TLS', () => {
  const issued = () => authority.issue('127.0.0.1');
  const caFile = () => file('ca.pem', authority.certificate);

  it.each([
    ['starttls', false],
    ['implicit', true],
  ] as const)('%s encrypts, and shows a password to nobody else', async (tls, isImplicit) => {
    const login = { user: 'sluice', password: 'open sesame' };
    const office = await open({ tls: await issued(), isImplicit, login });
    const passwordFile = file('password', 'open sesame\n');
    const sink = sinkAt(office, { tls, user: 'sluice', passwordFile, caFile: caFile() });
    await sink.deliver([event()], delivery());
    expect(office.arrived).toMatchObject([{ user: 'sluice', isEncrypted: true }]);
  });

  it('is by STARTTLS where nothing else is said, and no letter goes without it', async () => {
    const office = await open();
    await expect(sinkAt(office, {}).deliver([event()], delivery())).rejects.toMatchObject({
      refused: false,
    });
    expect(office.arrived).toEqual([]);
  });

  it('with a certificate of an unknown authority is none', async () => {
    const office = await open({ tls: await issued() });
    await expect(sinkAt(office, {}).deliver([event()], delivery())).rejects.toThrow(/certificate/);
    expect(office.arrived).toEqual([]);
  });

  it('is needed where there is a password', async () => {
    const office = await open();
    const login = { user: 'sluice', passwordFile: file('password', 'open sesame') };
    expect(() => sinkAt(office, { tls: 'none', ...login })).toThrow(/in the clear/);
    expect(() => sinkAt(office, { user: 'sluice' })).toThrow(/both user and passwordFile/);
  });
});

describe('a login that is refused', () => {
  it('is tried again with the password of the file, and its words are not repeated', async () => {
    const login = { user: 'sluice', password: 'new secret' };
    const office = await open({ tls: await authority.issue('127.0.0.1'), login });
    const passwordFile = file('password', 'old secret');
    const caFile = file('ca.pem', authority.certificate);
    const sink = sinkAt(office, { user: 'sluice', passwordFile, caFile });
    const refused = await sink.deliver([event()], delivery()).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      refused: false,
      message: 'letters: the login was refused (535)',
    });
    file('password', 'new secret');
    await sink.deliver([event()], delivery());
    expect(office.arrived).toHaveLength(1);
  });
});

describe('an address', () => {
  const three = { to: ['a@example.org', 'b@example.org', 'c@example.org'] };

  it('that is refused keeps the letter from nobody else', async () => {
    const office = await open();
    office.answers.address = (address) => (address[0] === 'b' ? [550, 'no such user'] : undefined);
    const to = [...three.to, 'd@example.org\n'];
    expect(await sinkAt(office).deliver([event({ to })], delivery())).toEqual([
      '"d@example.org\\n" is no address',
      expect.stringMatching(/^b@example.org: 550 .*no such user$/),
    ]);
    expect(office.arrived).toMatchObject([{ to: ['a@example.org', 'c@example.org'] }]);
  });

  it('that is put off gets it later, and the others no second time', async () => {
    const office = await open();
    office.answers.address = (address) => (address[0] === 'b' ? [450, 'later'] : undefined);
    const sink = sinkAt(office);
    const later = sink.deliver([event(three)], delivery());
    await expect(later).rejects.toThrow(/^letters: b@example.org: 450 .*later$/);
    await expect(sink.deliver([event(three)], delivery())).rejects.toMatchObject({
      refused: false,
    });
    office.answers.address = () => undefined;
    expect(await sink.deliver([event(three)], delivery())).toEqual([]);
    expect(office.arrived.map(({ to }) => to)).toEqual([
      ['a@example.org', 'c@example.org'],
      ['b@example.org'],
    ]);
  });

  it('that is always put off is given up', async () => {
    const office = await open();
    office.answers.address = () => [452, 'mailbox full'];
    const sink = sinkAt(office);
    for (let time = 1; time < 8; time++) {
      await expect(sink.deliver([event()], delivery())).rejects.toMatchObject({ refused: false });
    }
    expect(await sink.deliver([event()], delivery())).toEqual([
      expect.stringMatching(/^jdoe@example.org: 452 .*mailbox full$/),
    ]);
  });
});

describe('a server', () => {
  it('may refuse the text of a letter for good, or for now', async () => {
    const office = await open();
    office.answers.text = () => [554, 'looks like spam'];
    await expect(sinkAt(office).deliver([event()], delivery())).rejects.toMatchObject({
      refused: true,
    });
    office.answers.text = () => [451, 'disk full'];
    await expect(sinkAt(office).deliver([event()], delivery())).rejects.toMatchObject({
      refused: false,
      message: expect.stringMatching(/^letters: DATA: 451 .*disk full$/),
    });
  });

  it('that refuses the sender loses no letter: somebody will mend the settings', async () => {
    const office = await open();
    office.answers.sender = () => [550, 'who are you'];
    const sent = sinkAt(office).deliver([event()], delivery());
    await expect(sent).rejects.toMatchObject({ refused: false });
  });

  it('that is not there is a reason to try again', async () => {
    const office = await open();
    await office.close();
    offices.length = 0;
    const sent = sinkAt(office).deliver([event()], delivery());
    await expect(sent).rejects.toMatchObject({ refused: false });
  });
});
