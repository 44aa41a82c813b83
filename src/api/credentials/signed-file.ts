import { type Principal } from '../../accounts/index.js';
import { type Tx } from '../../db/index.js';
import { AccessDenied, InvalidPath, ValueError } from '../../errors/index.js';
import { demand, mayNameFiles, maySignUrl, type WriterFacts } from '../../policy/index.js';
import {
  type ProtocolEndpoint,
  serverPath,
  type UrlService,
  urlServiceOf,
} from '../../protocols/index.js';
import { copiesOf, findByPfns, namesOfPath } from '../../replicas/index.js';
import {
  endpointOf,
  findRse,
  parsePfn,
  pathUnder,
  protocolsOf,
  type Rse,
  type RseProtocol,
} from '../../rses/index.js';
import { isClosed, scopesByName } from '../../scopes/index.js';
import { type DidId, type DidName, ReplicaState } from '../../vocabulary/index.js';
import { writerFacts } from '../replicas/write-facts.js';
import { type SignUrlQuestion } from './signurl.request.js';

/** The one file that a URL names, as far as anybody knows it. */
export interface SignedFile {
  readonly rse: Rse;
  readonly protocol: RseProtocol;
  readonly endpoint: ProtocolEndpoint;
  /** How the storage signs its URLs; undefined: by our tokens. */
  readonly service: UrlService | undefined;
  /** Below the protocol's prefix, with one slash in front. */
  readonly path: string;
  /** Absolute at the storage. */
  readonly serverPath: string;
  readonly didId: DidId | undefined;
  readonly state: ReplicaState | undefined;
  readonly writer: WriterFacts;
  /** Whether it is the path of a file in a scope of the caller's. */
  readonly own: boolean;
}

/** Finds the file of a URL. Throws RSENotFound, ValueError, InvalidPath. */
export async function findSignedFile(
  tx: Tx,
  caller: Principal,
  { rse: name, url, service: asked }: SignUrlQuestion,
): Promise<SignedFile> {
  const rse = await findRse(tx, name);
  if (!rse.attributes['sign_url']) {
    throw new ValueError(`RSE ${name} opens by no signed URLs: it has no attribute sign_url`);
  }
  const pfn = parsePfn(url);
  if (pfn.query !== '') throw new ValueError('The URL is signed already');
  const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
  const protocol = protocols.find(
    (each) => each.scheme === 'https' && pathUnder(each, pfn) !== undefined,
  );
  const path = protocol && pathUnder(protocol, pfn);
  if (!protocol || path === undefined || path.endsWith('/')) {
    throw new InvalidPath(`The URL names no file below an https protocol of RSE ${name}`, { url });
  }
  const service = urlServiceOf(protocol.extendedAttributes);
  if (service !== undefined && asked !== undefined && asked !== service) {
    throw new ValueError(
      `RSE ${name} is signed for ${service}, not for ${asked}: its attribute sign_url should say ${service}`,
    );
  }
  const [found] = await findByPfns(tx, [{ rse, protocols: [protocol] }], [url]);
  const copies = found ? await copiesOf(tx, [found.didId]) : [];
  const copy = copies.find(({ rseId }) => rseId === rse.id);
  const endpoint = endpointOf(rse, protocol);
  const names = found ? [found] : rse.deterministic ? namesOfPath(rse, path) : [];
  return {
    rse,
    protocol,
    endpoint,
    service,
    path,
    serverPath: serverPath(endpoint, path),
    didId: found?.didId,
    state: copy?.state,
    writer: await writerFacts(tx, caller, rse),
    own: await ownsOne(tx, caller, names),
  };
}

const GOOD: readonly (ReplicaState | undefined)[] = [
  ReplicaState.AVAILABLE,
  ReplicaState.TEMPORARY_UNAVAILABLE,
  ReplicaState.BEING_DELETED,
];

/** Whether the catalogue counts on what stands at the path, or is deleting it itself. */
export const isTaken = ({ state }: Pick<SignedFile, 'state'>): boolean => GOOD.includes(state);

/** Whether one of the names is in an open scope of the caller's. A path may stand for several. */
async function ownsOne(tx: Tx, caller: Principal, names: readonly DidName[]): Promise<boolean> {
  const scopes = await scopesByName(
    tx,
    names.map(({ scope }) => scope),
  );
  return [...scopes.values()].some((scope) => !isClosed(scope) && mayNameFiles(caller, scope));
}

/** What the official client adds to the name of a file that it has not sent to its end. */
const UNFINISHED = '.rucio.upload';

/**
 * Throws AccessDenied unless the caller may do it. Writing is for files that the caller may register
 * there: one that waits for its bytes, or a new name in a scope of the caller's. What is AVAILABLE is
 * never written again.
 */
export function demandSignedFile(
  caller: Principal,
  { operation, url }: SignUrlQuestion,
  file: SignedFile,
): void {
  const allowed = maySignUrl(caller, operation, file.writer);
  if (!allowed && operation === 'delete' && url.endsWith(UNFINISHED)) {
    const found = url.slice(0, -UNFINISHED.length);
    throw new AccessDenied(
      `A file stands at ${found} that no upload of yours is known to have left there; an upload that` +
        ' registers it first replaces it',
      { url: found },
    );
  }
  demand(allowed, `${operation} files at RSE ${file.rse.name}`);
  if (operation !== 'write') return;
  if (isTaken(file)) throw new AccessDenied(`A copy stands at ${url} already`, { url });
  if (file.didId !== undefined || caller.isAdmin) return;
  demand(file.own, `write ${url}: it is the path of no file of yours`);
}
