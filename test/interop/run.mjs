/**
 * Has the published Rucio client judge a running Sluice: `npm run test:interop [-- pytest arguments]`.
 *
 * Installs what it needs below .interop/ (kept for the next time): a Python environment with
 * rucio-clients and pytest, and KM3NeT's test files. Starts the demo, waits until it is ready, runs
 * pytest against it, ends it. SLUICE_INTEROP_DEMO=<state>/demo.json judges a demo that is already
 * running; SLUICE_INTEROP_URL, …_USERNAME and …_PASSWORD judge the catalogue of any other server.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const CACHE = join(ROOT, '.interop');
const READY_WITHIN_MS = 180_000;

const TESTDATA = 'km3net-testdata==0.4.31';
const TESTDATA_FILES = [
  'online/KM3NeT_00000267_00025291_L1.root',
  'online/KM3NeT_00000267_00025291_SN.root',
  'online/events_sample.root',
];

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: ROOT, ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}`);
}

/** The Python of an environment with exactly the pinned packages; a new pin makes a new one. */
function environment() {
  const pins = join(HERE, 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 12);
  const venv = join(CACHE, `venv-${version}`);
  const python = join(venv, 'bin/python');
  if (!existsSync(join(venv, 'bin/rucio'))) {
    run('python3', ['-m', 'venv', '--clear', venv]);
    run(python, ['-m', 'pip', 'install', '--quiet', '-r', pins]);
  }
  return python;
}

/** The directory of KM3NeT's files, taken out of the published wheel. */
function testdata(python) {
  const data = join(CACHE, 'testdata');
  if (TESTDATA_FILES.every((file) => existsSync(join(data, file.split('/').pop())))) return data;
  const wheels = join(CACHE, 'wheels');
  rmSync(wheels, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '-d', wheels, TESTDATA]);
  const unpack = [
    'import pathlib, sys, zipfile',
    'wheels, data, *names = sys.argv[1:]',
    'wheel = zipfile.ZipFile(next(pathlib.Path(wheels).glob("*.whl")))',
    'for name in names:',
    '    target = pathlib.Path(data) / name.split("/")[-1]',
    '    target.write_bytes(wheel.read("km3net_testdata/data/" + name))',
  ];
  run(python, ['-c', unpack.join('\n'), wheels, data, ...TESTDATA_FILES]);
  rmSync(wheels, { recursive: true });
  return data;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts the demo and waits for its demo.json. */
async function startDemo() {
  const bin = join(ROOT, 'bin/sluice.js');
  if (!existsSync(join(ROOT, 'dist/src/cli/main.js'))) run('npm', ['run', '--silent', 'build']);
  // A short path: the embedded database's socket lies below it.
  const state = mkdtempSync(join(tmpdir(), 'sluice-interop-'));
  const demoState = `${state}-demo`;
  // A mounted file system, as far as Sluice and the client can tell.
  const mount = `${state}-mount`;
  mkdirSync(mount);
  const log = join(CACHE, 'demo.log');
  const port = String(await freePort());
  const demo = spawn(process.execPath, [bin, 'demo', '--keep'], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...{ SLUICE_STATE: state, SLUICE_SERVER__PORT: port, SLUICE_STORAGE__POSIX_ROOTS: mount },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sink = createWriteStream(log);
  demo.stdout.pipe(sink, { end: false });
  demo.stderr.pipe(sink, { end: false });
  const ended = new Promise((resolve) => demo.once('exit', resolve));
  const stop = async () => {
    demo.kill('SIGTERM');
    await ended;
    for (const directory of [state, demoState, mount]) {
      rmSync(directory, { recursive: true, force: true });
    }
  };
  const description = join(demoState, 'demo.json');
  const until = Date.now() + READY_WITHIN_MS;
  while (!existsSync(description)) {
    if (demo.exitCode !== null || Date.now() > until) {
      await stop();
      const last = readFileSync(log, 'utf8').split('\n').slice(-40).join('\n');
      throw new Error(`the demo is not ready (log: ${log}):\n${last}`);
    }
    await pause(200);
  }
  return { description, mount, stop };
}

/** Runs pytest and answers its exit code. */
function judge(python, variables) {
  const args = ['-m', 'pytest', ...process.argv.slice(2)];
  // PYTHONDONTWRITEBYTECODE: nothing of Python's is left in the tree.
  const env = { ...process.env, ...variables, PYTHONDONTWRITEBYTECODE: '1' };
  const pytest = spawn(python, args, { cwd: HERE, env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    pytest.once('error', reject);
    pytest.once('exit', (code) => resolve(code ?? 1));
  });
}

const python = environment();
const variables = { SLUICE_INTEROP_DATA: testdata(python) };
if (process.env.SLUICE_INTEROP_DEMO !== undefined || process.env.SLUICE_INTEROP_URL !== undefined) {
  process.exitCode = await judge(python, variables);
} else {
  const demo = await startDemo();
  try {
    process.exitCode = await judge(python, {
      ...variables,
      SLUICE_INTEROP_DEMO: demo.description,
      SLUICE_INTEROP_MOUNT: demo.mount,
    });
  } finally {
    await demo.stop();
  }
}
