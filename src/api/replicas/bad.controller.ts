import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { Database, type Tx } from '../../db/index.js';
import { didsById, resolveDids } from '../../dids/index.js';
import { RSENotFound } from '../../errors/index.js';
import { demand, mayDeclareBad, maySuspect } from '../../policy/index.js';
import {
  type BadReplica,
  badReplicaPage,
  declareBad,
  suspectCopies,
  suspiciousCopies,
} from '../../replicas/index.js';
import { findRse, listRses, resolveRses, rsesById } from '../../rses/index.js';
import { reopenCopies } from '../../rules/index.js';
import { type CopyKey, type DidId, wireId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, Produces, streamRows } from '../wire/index.js';
import {
  type BadName,
  badStateName,
  parseBad,
  parseBadDids,
  parseBadStates,
  parseSuspicious,
  parseSuspiciousQuestion,
} from './bad.request.js';
import { parsePfns } from './replicas.request.js';
import { findPfns, placesOf } from './pfn-places.js';

type Undeclared = Record<string, string[]>;

/** What is said against copies, and what became of it. */
@Controller('replicas')
export class BadReplicasController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post('bad')
  @HttpCode(201)
  @Produces(JSON_TYPE)
  async declare(@Body() body: unknown, @Caller() caller: Principal): Promise<Undeclared> {
    const asked = parseBad(body);
    demand(mayDeclareBad(caller), 'declare replicas bad');
    return await this.db.tx(async (tx) => {
      const named =
        asked.pfns.length > 0
          ? await findPfns(tx, await placesOf(tx), asked.pfns)
          : await findNames(tx, asked.names);
      return await this.condemn(tx, caller, asked.reason, named);
    });
  }

  @Post('bad/dids')
  @HttpCode(201)
  @Produces(JSON_TYPE)
  async declareDids(@Body() body: unknown, @Caller() caller: Principal): Promise<string[]> {
    const asked = parseBadDids(body);
    demand(mayDeclareBad(caller), 'declare replicas bad');
    return await this.db.tx(async (tx) => {
      const { name: rse } = await findRse(tx, asked.rse);
      const named = await findNames(
        tx,
        asked.dids.map((did) => ({ ...did, rse })),
      );
      const undeclared = await this.condemn(tx, caller, asked.reason, named);
      return Object.values(undeclared).flat();
    });
  }

  @Post('suspicious')
  @Produces(JSON_TYPE)
  async suspect(@Body() body: unknown, @Caller() caller: Principal): Promise<Undeclared> {
    const asked = parseSuspicious(body);
    demand(maySuspect(caller), 'suspect replicas');
    return await this.db.tx(async (tx) => {
      const found = await findPfns(tx, await placesOf(tx), asked.pfns);
      const known = await suspectCopies(tx, copiesOf(found), {
        reason: asked.reason,
        accountId: caller.accountId,
      });
      return undeclaredOf(found, new Set(known.map(keyOf)), 'Unknown replica');
    });
  }

  /** One JSON list: the command line takes its first line for the whole. */
  @Get('suspicious')
  @Produces(JSON_TYPE)
  async listSuspicious(@Query() query: Record<string, unknown>): Promise<object[]> {
    const asked = parseSuspiciousQuestion(query);
    return await this.db.read(async (tx) => {
      const rses = asked.expression ? await resolveRses(tx, asked.expression) : await listRses(tx);
      const byId = new Map(rses.map((rse) => [rse.id, rse]));
      const since = asked.since ?? new Date(0);
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

  @Get('bad/states')
  async states(@Query() query: Record<string, unknown>): Promise<StreamableFile> {
    const asked = parseBadStates(query);
    const rse = asked.rse;
    const rseId = rse ? (await this.db.read((tx) => findRse(tx, rse))).id : undefined;
    return await streamRows(this.declarations({ ...asked, rseId }, asked.limit));
  }

  /** The files behind physical names. */
  @Post('dids')
  @HttpCode(200)
  async didsOfPfns(@Body() body: unknown): Promise<StreamableFile> {
    const { rse, pfns } = parsePfns(body);
    const found = await this.db.read(async (tx) => findPfns(tx, await placesOf(tx, rse), pfns));
    return await streamRows(
      found.flatMap(({ pfn, did }) =>
        did ? [{ [pfn]: { scope: did.scope, name: did.name } }] : [],
      ),
    );
  }

  private async *declarations(
    filter: Omit<Parameters<typeof badReplicaPage>[1], 'after'>,
    limit = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<object, void, undefined> {
    let [after, left] = [0n, limit];
    for (;;) {
      const lines = await this.db.read(async (tx) => {
        const page = await badReplicaPage(tx, { ...filter, after });
        after = page.at(-1)?.id ?? after;
        return { rows: await presentDeclarations(tx, page), last: page.length === 0 };
      });
      for (const row of lines.rows) if (left-- > 0) yield row;
      if (lines.last || left <= 0) return;
    }
  }

  private async condemn(
    tx: Tx,
    caller: Principal,
    reason: string,
    named: readonly NamedPlace[],
  ): Promise<Undeclared> {
    const now = this.clock.now();
    const spec = { reason, accountId: caller.accountId, now };
    const { bad, known } = await declareBad(tx, copiesOf(named), spec);
    await reopenCopies(tx, bad, now);
    const already = new Set(known.map(keyOf));
    const declared = new Set(bad.map(keyOf));
    return undeclaredOf(
      named.filter(({ copy }) => !copy || !already.has(keyOf(copy))),
      declared,
      'Unknown replica',
      undeclaredOf(
        named.filter(({ copy }) => copy && already.has(keyOf(copy))),
        new Set(),
        'Already declared',
      ),
    );
  }
}

/** What a client named, and the copy that it is, if it is one. */
export interface NamedPlace {
  /** As the client named it. */
  readonly said: string;
  readonly rse: string;
  readonly copy: CopyKey | undefined;
}

const keyOf = ({ didId, rseId }: CopyKey): string => `${didId}@${rseId}`;
const copiesOf = (named: readonly NamedPlace[]): CopyKey[] =>
  named.flatMap(({ copy }) => (copy ? [copy] : []));
const idsOf = (copies: readonly CopyKey[]): DidId[] => [
  ...new Set(copies.map(({ didId }) => didId)),
];

/** Adds what is not among the declared, by RSE, with the reason. */
function undeclaredOf(
  named: readonly NamedPlace[],
  declared: ReadonlySet<string>,
  why: string,
  into: Undeclared = {},
): Undeclared {
  for (const { said, rse, copy } of named) {
    if (copy && declared.has(keyOf(copy))) continue;
    (into[rse] ??= []).push(`${said} ${why}`);
  }
  return into;
}

async function findNames(tx: Tx, names: readonly BadName[]): Promise<NamedPlace[]> {
  const rses = await listRses(tx);
  const dids = new Map(
    (await resolveDids(tx, names)).map((did) => [`${did.scope}:${did.name}`, did.id]),
  );
  return names.map(({ scope, name, rse: rseName, rse_id: rseId }) => {
    const rse = rses.find((each) =>
      rseName === undefined ? wireId(each.uid) === rseId : each.name === rseName,
    );
    if (!rse) throw new RSENotFound(`RSE '${rseName ?? rseId ?? ''}' cannot be found`);
    const didId = dids.get(`${scope}:${name}`);
    const copy = didId === undefined ? undefined : { didId, rseId: rse.id };
    return { said: `${scope}:${name}`, rse: rse.name, copy };
  });
}

async function presentDeclarations(tx: Tx, page: readonly BadReplica[]): Promise<object[]> {
  const dids = new Map((await didsById(tx, idsOf(page))).map((did) => [did.id, did]));
  const rses = await rsesById(tx, [...new Set(page.map(({ rseId }) => rseId))]);
  return page.flatMap((row) => {
    const [did, rse] = [dids.get(row.didId), rses.get(row.rseId)];
    if (!did || !rse) return [];
    return [
      {
        scope: did.scope,
        name: did.name,
        rse: rse.name,
        rse_id: wireId(rse.uid),
        state: badStateName(row.state),
        reason: row.reason,
        created_at: row.createdAt,
        updated_at: row.updatedAt,
      },
    ];
  });
}
