import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { completeBinaries } from '../../src/db/embedded/binaries.js';
import {
  EmbeddedDatabaseInUse,
  findEmbedded,
  startEmbedded,
  type EmbeddedDatabase,
} from '../../src/db/embedded/index.js';
import { operatingUser } from '../../src/db/embedded/operating-user.js';

const state = mkdtempSync(join(tmpdir(), 'sluice-embedded-'));
const home = join(state, 'postgres');
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
const running: (EmbeddedDatabase | ChildProcess)[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) {
    if ('stop' in one) await one.stop();
    else one.kill('SIGKILL');
  }
});
afterAll(() => rmSync(state, { recursive: true }));

/** Starts in this process and collects what is logged. */
async function start(stateDir = state) {
  const heard: string[] = [];
  let bell = () => {};
  const hear = (_: object, message: string) => {
    heard.push(message);
    bell();
  };
  const cluster = await startEmbedded({ stateDir, log: { info: hear, warn: hear } });
  running.push(cluster);
  const nextNews = () => new Promise<void>((resolve) => (bell = resolve));
  return { cluster, heard, nextNews };
}

/** Starts in a process of its own, which can be killed. */
async function startElsewhere(): Promise<{ supervisor: ChildProcess; pid: number; url: string }> {
  const supervisor = spawn(
    process.execPath,
    ['--import', './test/support/register-typescript.mjs', 'test/support/supervisor.ts', state],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  running.push(supervisor);
  const [line] = (await once(createInterface(supervisor.stdout), 'line')) as [string];
  return { supervisor, ...(JSON.parse(line) as { pid: number; url: string }) };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function ask<T extends pg.QueryResultRow>(url: string, statement: string): Promise<T[]> {
  const session = new pg.Client(url);
  await session.connect();
  try {
    return (await session.query<T>(statement)).rows;
  } finally {
    await session.end();
  }
}

/** A process that has ended may stay listed until its parent asks for it, but has no program. */
const isAlive = (pid: number) => existsSync(`/proc/${pid}/exe`);
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the embedded PostgreSQL', () => {
  it('listens on a private socket only, writes durably and asks for a password', async () => {
    const { cluster } = await start();
    const [settings] = await ask(
      cluster.url,
      `SELECT current_user AS who, current_setting('listen_addresses') AS addresses,
              current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS sync`,
    );
    expect(settings).toEqual({ who: 'sluice', addresses: '', fsync: 'on', sync: 'on' });
    expect(modeOf(join(home, 'run'))).toBe(0o700);
    const guess = cluster.url.replace(/:[^:@]+@/, ':guess@');
    await expect(ask(guess, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps its passwords to us, whoever runs the server', async () => {
    const user = await operatingUser();
    expect(modeOf(state)).toBe(user.switched ? 0o710 : 0o700);
    for (const name of ['password', 'superuser-password']) {
      expect(modeOf(join(home, name))).toBe(0o600);
      expect(statSync(join(home, name)).uid).toBe(process.getuid?.());
    }
    expect(statSync(join(home, 'data')).uid).toBe(user.uid);
  });

  it('ends with stop() and keeps the data for the next start', async () => {
    const { cluster } = await start();
    await ask(cluster.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await cluster.stop();
    expect(isAlive(cluster.pid)).toBe(false);
    expect(await findEmbedded(state)).toBeUndefined();
    const again = await start();
    expect(await ask(again.cluster.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('comes back by itself when the server is killed', async () => {
    const { cluster, heard, nextNews } = await start();
    await ask(cluster.url, 'CREATE TABLE survived AS SELECT 1 AS one');
    const killed = cluster.pid;
    process.kill(killed, 'SIGKILL');
    while (heard.filter((message) => message === 'PostgreSQL started').length < 2) await nextNews();
    expect(cluster.pid).not.toBe(killed);
    expect(await ask(cluster.url, 'SELECT one FROM survived')).toEqual([{ one: 1 }]);
  });

  it('recovers when server and supervisor were killed', async () => {
    const { supervisor, pid, url } = await startElsewhere();
    await ask(url, 'CREATE TABLE recovered AS SELECT 7 AS seven');
    supervisor.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    const { cluster, heard } = await start();
    expect(heard).toEqual(['PostgreSQL started']);
    expect(await ask(cluster.url, 'SELECT seven FROM recovered')).toEqual([{ seven: 7 }]);
  });

  it('is taken over while it runs when only its supervisor was killed', async () => {
    const { supervisor, pid } = await startElsewhere();
    await kill(supervisor);
    const { cluster, heard } = await start();
    expect(heard).toEqual(['PostgreSQL was running: taken over']);
    expect(cluster.pid).toBe(pid);
    await cluster.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('refuses a second supervisor and stays with the first', async () => {
    const first = await startElsewhere();
    const second = startEmbedded({ stateDir: state });
    await expect(second).rejects.toThrow(EmbeddedDatabaseInUse);
    await expect(second).rejects.toThrow(`process ${first.supervisor.pid}`);
    expect(await ask(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await findEmbedded(state)).toEqual({ url: first.url, pid: first.pid });
    await kill(first.supervisor);
    await start();
  });

  it('goes to one of two that start at once', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map((outcome) => outcome.reason as unknown)).toEqual([
      expect.any(EmbeddedDatabaseInUse),
    ]);
  });

  it('is in a session of its own, which Ctrl-C at our terminal does not reach', async () => {
    const { cluster } = await start();
    const fields = readFileSync(`/proc/${cluster.pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    expect(fields?.slice(2, 4).map(Number)).toEqual([cluster.pid, cluster.pid]);
  });
});

describe('a pid file', () => {
  it('whose number now belongs to somebody else is put aside, and that process left alone', async () => {
    const { switched, uid, gid } = await operatingUser();
    const stranger = spawn('tail', ['-f', '/dev/null'], switched ? { uid, gid, cwd: '/' } : {});
    running.push(stranger);
    await once(stranger, 'spawn');
    writeFileSync(join(home, 'data', 'postmaster.pid'), `${stranger.pid}\n${home}/data\n`);
    writeFileSync(join(home, 'run', '.s.PGSQL.5432.lock'), `${stranger.pid}\n`);
    const { cluster } = await start();
    expect(readlinkSync(`/proc/${cluster.pid}/exe`)).toMatch(/postgres$/);
    expect(stranger.exitCode).toBeNull();
  });

  it('of a server that cannot be seen but answers is respected', async () => {
    const file = join(home, 'data', 'postmaster.pid');
    // The number of a process that ended.
    const gone = spawn('true');
    await once(gone, 'exit');
    writeFileSync(file, `${gone.pid}\n`);
    const elsewhere = createServer().listen(join(home, 'run', '.s.PGSQL.5432'));
    await once(elsewhere, 'listening');
    await expect(startEmbedded({ stateDir: state })).rejects.toThrow('another container?');
    expect(existsSync(file)).toBe(true);
    elsewhere.close();
    rmSync(file);
  });
});

describe('a state directory', () => {
  it('too deep for the address of a socket gets a short private one', async () => {
    const deep = join(tmpdir(), `sluice-${'x'.repeat(120)}-${process.pid}`);
    const { cluster } = await start(deep);
    const socketDir = new URL(cluster.url.replace('@/', '@host/')).searchParams.get('host') ?? '';
    expect(socketDir).toMatch(/^\/(run|tmp)\/sluice-/);
    expect(modeOf(socketDir)).toBe(0o700);
    expect(await ask(cluster.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await cluster.stop();
    rmSync(socketDir, { recursive: true });
    rmSync(deep, { recursive: true });
  });

  it('with a cluster of another version or without its password is left as it is', async () => {
    const version = join(home, 'data', 'PG_VERSION');
    writeFileSync(version, '17\n');
    await expect(start()).rejects.toThrow('was made by PostgreSQL 17');
    writeFileSync(version, '18\n');
    const password = readFileSync(join(home, 'superuser-password'));
    rmSync(join(home, 'superuser-password'));
    await expect(start()).rejects.toThrow('superuser-password is missing');
    writeFileSync(join(home, 'superuser-password'), password, { mode: 0o600 });
  });

  itAsRoot('that the user postgres cannot reach is refused with the reason', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'sluice-closed-'));
    const inside = join(closed, 'state');
    await expect(start(inside)).rejects.toThrow(`whom ${closed} does not let pass`);
    rmSync(closed, { recursive: true });
  });
});

describe('the programs', () => {
  it('get their symbolic links and their right to run where the installer made none', async () => {
    const native = join(mkdtempSync(join(tmpdir(), 'sluice-native-')), 'native');
    for (const path of ['bin', 'lib']) mkdirSync(join(native, path), { recursive: true });
    for (const name of ['initdb', 'postgres']) {
      writeFileSync(join(native, 'bin', name), '#!/bin/sh\n');
      chmodSync(join(native, 'bin', name), 0o644);
    }
    writeFileSync(join(native, 'lib', 'libz.so.1.3'), 'z');
    const links = [{ source: 'native/lib/libz.so.1.3', target: 'native/lib/libz.so' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
    await completeBinaries(native);
    await completeBinaries(native);
    expect(readlinkSync(join(native, 'lib', 'libz.so'))).toBe('libz.so.1.3');
    expect(modeOf(join(native, 'bin', 'postgres'))).toBe(0o755);
    rmSync(join(native, '..'), { recursive: true });
  });
});
