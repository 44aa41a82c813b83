import { Controller, Get, Inject, Query, type StreamableFile } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { Database, type Tx } from '../../db/index.js';
import { didsById } from '../../dids/index.js';
import {
  type BadReplica,
  badReplicaPage,
  copyPath,
  registeredPathsOf,
  sumDeclarations,
  suspiciousCopies,
} from '../../replicas/index.js';
import {
  chooseProtocols,
  findRse,
  listRses,
  pfnOf,
  protocolsOf,
  resolveRses,
  type Rse,
  rsesById,
} from '../../rses/index.js';
import { type CopyKey, type DidId, wireId } from '../../vocabulary/index.js';
import { JSON_TYPE, type Line, Produces, streamRows } from '../wire/index.js';
import {
  badStateName,
  parseBadStates,
  parseBadSummary,
  parseSuspiciousQuestion,
} from './bad.request.js';

const DAY_MS = 86_400_000;
/** How far back suspicions are looked for where the client does not say. */
const SUSPICION_DAYS = 10;

/** What is said against copies, read. */
@Controller('replicas')
export class BadStatesController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** One JSON list: the command line takes its first line for the whole. */
  @Get('suspicious')
  @Produces(JSON_TYPE)
  async listSuspicious(@Query() query: Record<string, unknown>): Promise<object[]> {
    const asked = parseSuspiciousQuestion(query);
    const since = asked.since ?? new Date(this.clock.now().getTime() - SUSPICION_DAYS * DAY_MS);
    return await this.db.read(async (tx) => {
      const rses = await rsesOf(tx, asked.expression);
      const byId = new Map(rses.map((rse) => [rse.id, rse]));
      const rseIds = [...byId.keys()];
      const found = await suspiciousCopies(tx, { rseIds, since, cntMin: asked.cntMin });
      const dids = new Map((await didsById(tx, idsOf(found))).map((did) => [did.id, did]));
      return found.flatMap(({ didId, rseId, cnt, createdAt }) => {
        const [did, rse] = [dids.get(didId), byId.get(rseId)];
        if (!did || !rse) return [];
        const { scope, name } = did;
        return [
          { scope, name, rse: rse.name, rse_id: wireId(rse.uid), cnt, created_at: createdAt },
        ];
      });
    });
  }

  /** A line a declaration, or with `list_pfns` a physical name a line. */
  @Get('bad/states')
  async states(@Query() query: Record<string, unknown>): Promise<StreamableFile> {
    const asked = parseBadStates(query);
    const rse = asked.rse;
    const rseId = rse ? (await this.db.read((tx) => findRse(tx, rse))).id : undefined;
    const present = asked.listPfns ? presentPfns : presentDeclarations;
    return await streamRows(this.declarations({ ...asked, rseId }, present, asked.limit));
  }

  /** A line an incident: RSE, day and reason, with how many declarations are in each state. */
  @Get('bad/summary')
  async summary(@Query() query: Record<string, unknown>): Promise<StreamableFile> {
    const asked = parseBadSummary(query);
    const incidents = await this.db.read(async (tx) => {
      const rses = new Map((await rsesOf(tx, asked.expression)).map((rse) => [rse.id, rse]));
      const sums = await sumDeclarations(tx, { ...asked, rseIds: [...rses.keys()] });
      const found = new Map<string, Record<string, unknown>>();
      for (const { rseId, day, reason, state, count } of sums) {
        const rse = rses.get(rseId);
        if (!rse) continue;
        const key = JSON.stringify([rseId, day, reason]);
        const incident = found.get(key) ?? {
          rse: rse.name,
          rse_id: wireId(rse.uid),
          created_at: day,
          reason,
        };
        found.set(key, { ...incident, [badStateName(state)]: count });
      }
      return [...found.values()];
    });
    return await streamRows(incidents);
  }

  private async *declarations(
    filter: Omit<Parameters<typeof badReplicaPage>[1], 'after'>,
    present: (tx: Tx, page: readonly BadReplica[]) => Promise<Line[]>,
    limit = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Line, void, undefined> {
    let [after, left] = [0n, limit];
    for (;;) {
      const lines = await this.db.read(async (tx) => {
        const page = await badReplicaPage(tx, { ...filter, after });
        after = page.at(-1)?.id ?? after;
        return { rows: await present(tx, page), last: page.length === 0 };
      });
      for (const row of lines.rows) if (left-- > 0) yield row;
      if (lines.last || left <= 0) return;
    }
  }
}

const rsesOf = (tx: Tx, expression: string | undefined): Promise<Rse[]> =>
  expression ? resolveRses(tx, expression) : listRses(tx);

const idsOf = (copies: readonly CopyKey[]): DidId[] => [
  ...new Set(copies.map(({ didId }) => didId)),
];

async function presentDeclarations(tx: Tx, page: readonly BadReplica[]): Promise<Line[]> {
  return (await namedDeclarations(tx, page)).map(({ declared, scope, name, rse }) => ({
    scope,
    name,
    rse: rse.name,
    rse_id: wireId(rse.uid),
    state: badStateName(declared.state),
    created_at: declared.createdAt,
    updated_at: declared.updatedAt,
  }));
}

/** The first physical name for reading of each copy that has one. */
async function presentPfns(tx: Tx, page: readonly BadReplica[]): Promise<Line[]> {
  const named = await namedDeclarations(tx, page);
  const protocols = await protocolsOf(tx, [...new Set(page.map(({ rseId }) => rseId))]);
  const paths = await registeredPathsOf(tx, page);
  return named.flatMap(({ declared, scope, name, rse }) => {
    const registered = paths.get(`${declared.didId}@${declared.rseId}`) ?? null;
    if (registered === null && !rse.deterministic) return [];
    const [protocol] = (['wan', 'lan'] as const).flatMap((domain) =>
      chooseProtocols(protocols.get(rse.id) ?? [], { domain, operation: 'read' }),
    );
    if (!protocol) return [];
    return [JSON.stringify(pfnOf(protocol, copyPath(rse, { scope, name }, registered)))];
  });
}

async function namedDeclarations(tx: Tx, page: readonly BadReplica[]) {
  const dids = new Map((await didsById(tx, idsOf(page))).map((did) => [did.id, did]));
  const rses = await rsesById(tx, [...new Set(page.map(({ rseId }) => rseId))]);
  return page.flatMap((declared) => {
    const [did, rse] = [dids.get(declared.didId), rses.get(declared.rseId)];
    return did && rse ? [{ declared, scope: did.scope, name: did.name, rse }] : [];
  });
}
