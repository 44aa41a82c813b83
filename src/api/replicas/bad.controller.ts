import { Body, Controller, HttpCode, Inject, Post, type StreamableFile } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { Database, type Tx } from '../../db/index.js';
import { resolveDids } from '../../dids/index.js';
import { RSENotFound } from '../../errors/index.js';
import { demand, mayDeclareBad, maySuspect } from '../../policy/index.js';
import { declareBad, suspectCopies } from '../../replicas/index.js';
import { findRse, listRses } from '../../rses/index.js';
import { reopenCopies } from '../../rules/index.js';
import { type CopyKey, wireId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, Produces, streamRows } from '../wire/index.js';
import {
  type BadDeclaration,
  type BadName,
  parseBad,
  parseBadDids,
  parseSuspicious,
} from './bad.request.js';
import { parsePfns } from './replicas.request.js';
import { findPfns, placesOf } from './pfn-places.js';

type Undeclared = Record<string, string[]>;

/** What is said against copies. */
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
      return await this.condemn(tx, caller, asked, named);
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
      const undeclared = await this.condemn(tx, caller, asked, named);
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
        now: this.clock.now(),
      });
      return undeclaredOf(found, new Set(known.map(keyOf)), 'Unknown replica');
    });
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

  private async condemn(
    tx: Tx,
    caller: Principal,
    { reason, force }: Pick<BadDeclaration, 'reason' | 'force'>,
    named: readonly NamedPlace[],
  ): Promise<Undeclared> {
    const now = this.clock.now();
    const badness = { reason, accountId: caller.accountId, now };
    const { bad, known } = await declareBad(tx, copiesOf(named), badness);
    await reopenCopies(tx, bad, now);
    const already = new Set(known.map(keyOf));
    const declared = new Set([...bad, ...known].map(keyOf));
    const unknown = undeclaredOf(named, declared, 'Unknown replica');
    const again = named.filter(({ copy }) => copy && already.has(keyOf(copy)));
    return force ? unknown : undeclaredOf(again, new Set(), 'Already declared', unknown);
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
