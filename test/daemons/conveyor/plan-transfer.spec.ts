import { describe, expect, it } from '@jest/globals';
import { planTransfer } from '../../../src/daemons/conveyor/plan-transfer.js';
import { type TransferFacts } from '../../../src/daemons/conveyor/transfer-facts.js';
import { type TransferWay } from '../../../src/daemons/conveyor/transfer-ways.js';
import { type ProtocolEndpoint } from '../../../src/protocols/index.js';
import { type ClaimedRequest } from '../../../src/requests/index.js';
import { type Rse, type RseProtocol } from '../../../src/rses/index.js';

const NONE = {
  read: null,
  write: null,
  delete: null,
  third_party_copy_read: null,
  third_party_copy_write: null,
};
const protocol = (rseId: number, scheme: string, wan: Partial<RseProtocol['domains']['wan']>) =>
  ({
    rseId,
    scheme,
    hostname: `host-${rseId}`,
    port: 0,
    prefix: '/data/',
    impl: '',
    domains: { lan: NONE, wan: { ...NONE, ...wan } },
    extendedAttributes: null,
  }) satisfies RseProtocol;
const rse = (id: number) =>
  ({
    id,
    name: `RSE-${id}`,
    type: 'D',
    deterministic: true,
    availabilityWrite: true,
    deletedAt: null,
    attributes: {},
  }) as unknown as Rse;

const way = (
  name: string,
  operations: Pick<TransferWay, 'from' | 'to'>,
  canMove: (source: ProtocolEndpoint, destination: ProtocolEndpoint) => boolean,
): TransferWay => ({
  ...operations,
  tool: {
    name,
    canMove,
    submit: () => Promise.resolve(),
    poll: () => Promise.resolve([]),
    cancel: () => Promise.resolve(),
  },
});
const pull = way(
  'pull',
  { from: 'third_party_copy_read', to: 'third_party_copy_write' },
  (source, destination) => source.scheme === 'https' && destination.scheme === 'https',
);
const stream = way('stream', { from: 'read', to: 'write' }, () => true);

const request = {
  id: 1n,
  uid: '0f3c2a44-5d1e-4b7a-9c58-1f2e3d4c5b6a',
  didId: 7n,
  rseId: 9,
  overwrite: false,
  cause: null,
} as unknown as ClaimedRequest;

/** A file at RSE-1, wanted at RSE-9, each with these protocols. */
function facts(protocols: readonly RseProtocol[], name = 'run1'): TransferFacts {
  const of = (rseId: number) => protocols.filter((each) => each.rseId === rseId);
  return {
    files: new Map([[7n, { didId: 7n, scope: 's', name, bytes: 5n, adler32: 1, md5: null }]]),
    sources: new Map([[7n, [{ didId: 7n, rseId: 1, ready: true, path: null }]]]),
    givenPaths: new Map(),
    rses: new Map([rse(1), rse(9)].map((each) => [each.id, each])),
    protocols: new Map([1, 9].map((id) => [id, of(id)])),
    distances: new Map(),
    failures: new Map(),
    leftovers: new Map(),
    allowedSources: new Map(),
  };
}
const both = { read: 2, write: 2, third_party_copy_read: 1, third_party_copy_write: 1 };
const plan = (protocols: readonly RseProtocol[], name?: string) => {
  const planned = planTransfer(request, facts(protocols, name), [pull, stream]);
  if (!('job' in planned)) return planned;
  const { source, destination } = planned.job;
  return {
    tool: planned.tool.name,
    from: source.endpoint.scheme,
    to: destination.endpoint.scheme,
    temporaryPath: destination.temporaryPath,
  };
};

describe('the way of a movement', () => {
  it('is the first that both ends have protocols for', () => {
    expect(plan([protocol(1, 'https', both), protocol(9, 'https', both)])).toMatchObject({
      tool: 'pull',
      from: 'https',
      to: 'https',
    });
  });

  it('goes through this process where one end supports no third-party copy', () => {
    const plain = { read: 1, write: 1 };
    expect(plan([protocol(1, 'https', plain), protocol(9, 'https', both)])).toMatchObject({
      tool: 'stream',
    });
  });

  it('takes a later protocol where the first one does not fit the tool', () => {
    const protocols = [
      protocol(1, 'root', { third_party_copy_read: 1, read: 1 }),
      protocol(1, 'https', { third_party_copy_read: 2 }),
      protocol(9, 'https', both),
    ];
    expect(plan(protocols)).toMatchObject({ tool: 'pull', from: 'https' });
  });

  it('is none where the destination cannot be written by any protocol', () => {
    const protocols = [protocol(1, 'https', both), protocol(9, 'https', { read: 1 })];
    expect(plan(protocols)).toMatchObject({ state: 'M', cause: 'NO_PROTOCOL' });
  });

  it('is none from a mounted file system that is none here, and says where to allow it', () => {
    const protocols = [protocol(1, 'file', { write: 1 }), protocol(9, 'https', both)];
    expect(plan(protocols)).toMatchObject({
      cause: 'NO_PROTOCOL',
      error: expect.stringContaining('storage.posixRoots'),
    });
  });
});

describe('the temporary name', () => {
  const temporary = (name: string) =>
    (
      plan([protocol(1, 'https', both), protocol(9, 'https', both)], name) as {
        temporaryPath: string;
      }
    ).temporaryPath;

  it('stands beside the final one and belongs to the attempt', () => {
    expect(temporary('run1')).toMatch(
      /^s\/[0-9a-f]{2}\/[0-9a-f]{2}\/run1\.sluice-0f3c2a445d1e4b7a$/,
    );
  });

  it('fits where the name alone nearly fills what a file system takes', () => {
    const last = temporary('x'.repeat(250)).split('/').at(-1) ?? '';
    expect(last.length).toBeLessThanOrEqual(255);
  });
});
