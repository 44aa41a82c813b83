import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bundledConfigFile,
  ConfigSchema,
  ConfigurationError,
  loadConfig,
  variableOf,
  type ConfigSources,
} from '../../src/config/index.js';
import { leaves, type SchemaNode } from '../../src/config/schema-keys.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function load(sources: ConfigSources = {}) {
  return loadConfig({ environment: {}, ...sources });
}

function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('is complete without a file, an environment or a flag', () => {
    const config = load();
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 8080, roles: ['all'] });
    expect(config.server.publicUrl).toBe('http://127.0.0.1:8080');
    expect(config.server.bodyLimitBytes).toBe(64 * 1024 * 1024);
    expect(config.database.url).toBeUndefined();
    expect(config.rules.deleteGraceSeconds).toBe(3600);
  });

  it.each(['demo', 'test'] as const)('knows every key of config/%s.yaml', (name) => {
    expect(problemsOf({ file: bundledConfigFile(name) })).toEqual([]);
  });

  it('takes a flag before the environment, that before the file, that before the default', () => {
    const yaml = file(
      'order.yaml',
      'server: { host: file, port: 1 }\nrules: { sliceLocks: 7 }\nlog: { level: warn }',
    );
    const config = load({
      environment: { SLUICE_CONFIG: yaml, SLUICE_SERVER__HOST: 'env', SLUICE_SERVER__PORT: '2' },
      overrides: { server: { port: 3, host: undefined } },
    });
    expect(config.server).toMatchObject({ port: 3, host: 'env', publicUrl: 'http://env:3' });
    expect(config.rules.sliceLocks).toBe(7);
    expect(config.log.level).toBe('warn');
    expect(config.rules.lockRetrySeconds).toBe(7200);
  });

  it('is found where it listens, unless it says otherwise', () => {
    const tls = { certFile: '/c', keyFile: '/k' };
    const urlOf = (server: object) => load({ overrides: { server } }).server.publicUrl;
    expect(urlOf({ tls })).toBe('https://127.0.0.1:8080');
    expect(urlOf({ tls, host: '::1', port: 443 })).toBe('https://[::1]');
    expect(urlOf({ tls, host: '0.0.0.0' })).toBe(`https://${hostname().toLowerCase()}:8080`);
    expect(urlOf({ tls, publicUrl: 'https://x.org/sluice' })).toBe('https://x.org/sluice');
  });

  it('reads numbers, switches and lists from the environment', () => {
    const config = load({
      environment: {
        SLUICE_STORAGE__ALLOW_PRIVATE: 'true',
        SLUICE_SERVER__ROLES: 'api, judge',
        SLUICE_DAEMONS__TUNING__JUDGE_EVALUATOR__PERIOD_SECONDS: '0.5',
      },
    });
    expect(config.storage.allowPrivate).toBe(true);
    expect(config.server.roles).toEqual(['api', 'judge']);
    expect(config.daemons.tuning['judge-evaluator']).toEqual({ periodSeconds: 0.5 });
  });

  it('allows mounted file systems below directories, never below /', () => {
    const name = 'SLUICE_STORAGE__POSIX_ROOTS';
    expect(load().storage.posixRoots).toEqual([]);
    const config = load({ environment: { [name]: '/mnt/lake, /srv/ark/' } });
    expect(config.storage.posixRoots).toEqual(['/mnt/lake', '/srv/ark/']);
    for (const wrong of ['/', 'lake', '//', '/mnt,/']) {
      expect(problemsOf({ environment: { [name]: wrong } })[0]).toContain(
        'is not a list of absolute paths, none of them /',
      );
    }
  });

  it('cannot be changed after the start', () => {
    const config = load() as { server: { port: number } };
    expect(() => (config.server.port = 1)).toThrow(TypeError);
  });

  it('reads a secret from a file, which beats the secret of a weaker source', () => {
    const secret = file('password', 'swordfish\n');
    const yaml = file('secret.yaml', 'bootstrap: { password: weaker }');
    const config = load({
      file: yaml,
      environment: { SLUICE_BOOTSTRAP__PASSWORD_FILE: secret },
    });
    expect(config.bootstrap.password).toBe('swordfish');
  });

  it('never prints a secret', () => {
    const problems = problemsOf({
      environment: { SLUICE_DATABASE__URL: 'mysql://u:swordfish@h/d' },
    });
    expect(problems).toEqual([
      'SLUICE_DATABASE__URL: the value (not shown) is not a postgres:// URL',
    ]);
  });

  it('keeps the state where SLUICE_STATE says, as an absolute path', () => {
    expect(load({ environment: { SLUICE_STATE: '/srv/x/../lake' } }).state.directory).toBe(
      '/srv/lake',
    );
  });
});

describe('a mistake in the configuration', () => {
  it.each([
    ['server.prot', { server: { prot: 1 } }, 'server.port'],
    ['severs', { severs: { port: 1 } }, 'server'],
    ['rules.slicelocks', { rules: { slicelocks: 1 } }, 'rules.sliceLocks'],
    ['constructor', { constructor: {} }, undefined],
  ])('in a file or flag names the nearest known key: %s', (key, tree, known) => {
    const [problem] = problemsOf({ overrides: tree as ConfigSources['overrides'] });
    expect(problem).toContain(`${key} in the command line is unknown`);
    if (known) expect(problem).toMatch(new RegExp(`nearest known key is ${known}$`));
  });

  it('in the environment names the nearest known name', () => {
    expect(problemsOf({ environment: { SLUICE_SERVER_PORT: '9090' } })).toEqual([
      'SLUICE_SERVER_PORT in the environment is unknown; the nearest known name is SLUICE_SERVER__PORT',
    ]);
  });

  it('does not include what Kubernetes adds for a service named sluice', () => {
    const environment = {
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_SERVICE_PORT_HTTP: '80',
      SLUICE_PORT: 'tcp://10.0.0.1:80',
      SLUICE_PORT_80_TCP_ADDR: '10.0.0.1',
      SLUICE_SERVER_PORT: 'tcp://10.0.0.1:80',
    };
    expect(problemsOf({ environment })).toEqual([]);
  });

  it('of type names the key, the value and what would be right, all mistakes at once', () => {
    const yaml = file(
      'types.yaml',
      'log: { level: loud }\nstorage: yes please\nserver: { port: 1.5 }',
    );
    const environment = { SLUICE_REQUESTS__ATTEMPTS_MAX: 'three', SLUICE_LOG__LEVEL: '' };
    expect(problemsOf({ file: yaml, environment })).toEqual([
      `log.level in ${yaml}: "loud" is not one of trace, debug, info, warn, error, fatal, silent`,
      `storage in ${yaml}: "yes please" is not a section with keys of its own`,
      `server.port in ${yaml}: 1.5 is not a whole number from 0 to 65535`,
      'SLUICE_REQUESTS__ATTEMPTS_MAX: "three" is not a whole number from 1 to 1000',
      'SLUICE_LOG__LEVEL: "" is not one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });

  it('that leaves half of a pair names the other half', () => {
    expect(problemsOf({ overrides: { server: { tls: { certFile: '/c' } } } })).toEqual([
      'server.tls.keyFile not given (in the environment: SLUICE_SERVER__TLS__KEY_FILE)',
    ]);
  });

  it('of a sink is one where it has neither a url nor a mail server, or both', () => {
    const smtp = { host: 'mail.example.org', from: 'sluice@example.org' };
    const problemsWith = (sink: object) =>
      problemsOf({ overrides: { messages: { sinks: [sink as never] } } });
    expect(problemsWith({ name: 'letters', smtp })).toEqual([]);
    expect(problemsWith({ name: 'events', url: 'https://events.example.org' })).toEqual([]);
    for (const sink of [
      { name: 'letters' },
      { name: 'letters', url: 'https://events.example.org', smtp },
      { name: 'letters', smtp: { ...smtp, tls: 'perhaps' } },
      { name: 'letters', smtp: { ...smtp, from: 'Sluice <sluice@example.org>' } },
      { name: 'letters', smtp, batch: 5 },
    ]) {
      expect(problemsWith(sink)[0]).toMatch(/is not a list of sinks, each with a name and either/);
    }
  });

  it('of the file itself names the file', () => {
    expect(problemsOf({ file: '/nowhere/x.yaml' })[0]).toContain('/nowhere/x.yaml cannot be read');
    const twice = file('twice.yaml', 'server: {}\nserver: {}');
    expect(problemsOf({ file: twice })[0]).toContain(`${twice} cannot be read`);
  });

  it('that gives a secret twice is refused', () => {
    const environment = { SLUICE_DATABASE__URL: 'postgres://h/d', SLUICE_DATABASE__URL_FILE: '/f' };
    expect(problemsOf({ environment })[0]).toContain(
      'database.url and database.urlFile are both given',
    );
  });
});

describe('every whole number of the schema', () => {
  const integers = leaves(ConfigSchema as SchemaNode).filter(([, node]) => node.type === 'integer');

  it('means the same in the environment and as a flag, and is refused beyond its limits', () => {
    const anyKey = fc.constantFrom(...integers);
    const anyValue = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 0, max: 100_000 }));
    fc.assert(
      fc.property(anyKey, anyValue, ([key, node], value) => {
        const inLimits = value >= (node.minimum ?? 0) && value <= (node.maximum ?? 0);
        const asText = outcome(key, { environment: { [variableOf(key)]: String(value) } });
        expect(asText).toBe(inLimits ? value : 'refused');
        expect(outcome(key, { overrides: nested(key, value) })).toBe(asText);
      }),
      { numRuns: 60 },
    );
  });

  function outcome(key: string, sources: ConfigSources): unknown {
    if (problemsOf(sources).length > 0) return 'refused';
    return key
      .split('.')
      .reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], load(sources));
  }

  function nested(key: string, value: number): NonNullable<ConfigSources['overrides']> {
    return key
      .split('.')
      .reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as never;
  }
});
