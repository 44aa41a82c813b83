import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_PASSWORD, startApi, type TestApi, type TestApiOptions } from './api.js';

/** A served Sluice as the commands of the command line reach it, and what they say. */
export interface CommandLine {
  readonly api: TestApi;
  /** A folder of the spec's own. */
  readonly directory: string;
  readonly passwordFile: string;
  /** The options of every command: where Sluice is, and who asks (root). */
  options(): {
    readonly url: string;
    readonly account: string;
    readonly username: string;
    readonly passwordFile: string;
  };
  /** What was said since it was asked last, or since the test began: one text a call. */
  said(): string[];
}

/** Serves for the tests of the describe block, or of the file, that calls it, after `setUp`. */
export function commandLine(
  setUp: (api: TestApi) => Promise<unknown>,
  options: TestApiOptions = {},
): CommandLine {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, `${ROOT_PASSWORD}\n`);
  let api: TestApi | undefined;
  let texts: string[] = [];
  beforeAll(async () => {
    api = await startApi(options);
    await setUp(api);
  });
  afterAll(async () => {
    await api?.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    texts = [];
    jest.spyOn(console, 'log').mockImplementation((text: string) => void texts.push(text));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });
  const served = () => {
    if (!api) throw new Error('served in tests only');
    return api;
  };
  return {
    get api() {
      return served();
    },
    directory,
    passwordFile,
    options: () => ({ url: served().url, account: 'root', username: 'root', passwordFile }),
    said: () => texts.splice(0),
  };
}
