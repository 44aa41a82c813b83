import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, ring, type Tx } from '../../db/index.js';
import { RSENotFound } from '../../errors/index.js';
import { demand, mayDeclareBad, mayQuarantine, maySuspect } from '../../policy/index.js';
import {
  assertReadable,
  declareBad,
  quarantineFiles,
  restCopies,
  suspectCopies,
} from '../../replicas/index.js';
import { findRse, listRses, type Rse } from '../../rses/index.js';
import { confirmCopies, reopenCopies } from '../../rules/index.js';
import { Channel, type CopyKey, wireId } from '../../vocabulary/index.js';
import { Caller } from '../wire/index.js';
import { parsePfnDeclaration, parseQuarantine, type PfnDeclaration } from './bad-pfns.request.js';
import { demandCopies, placesOf } from './pfn-places.js';

/** States of copies by their physical names, and what is at a storage though not in the catalogue. */
@Controller('replicas')
export class BadPfnsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** All of them or none; saying it again changes nothing, but for the end of a rest. */
  @Post('bad/pfns')
  async declare(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const now = this.clock.now();
    const asked = parsePfnDeclaration(body, { now, restDaysMax: this.config.replicas.restDaysMax });
    const allowed = asked.state === 'SUSPICIOUS' ? maySuspect : mayDeclareBad;
    demand(allowed(caller), `declare replicas ${asked.state}`);
    await this.db.tx(async (tx) => {
      const copies = await demandCopies(tx, await placesOf(tx), asked.pfns);
      await declareState(tx, asked, copies, { accountId: caller.accountId, now });
    });
    return 'Created';
  }

  @Post('quarantine')
  @HttpCode(200)
  async quarantine(@Body() body: unknown, @Caller() caller: Principal): Promise<void> {
    const asked = parseQuarantine(body);
    demand(mayQuarantine(caller), 'quarantine replicas');
    await this.db.tx(async (tx) => {
      const rse = asked.rse ? await findRse(tx, asked.rse) : await rseOfId(tx, asked.rseId ?? '');
      const { accountId } = caller;
      await quarantineFiles(tx, rse, asked.files, { accountId, now: this.clock.now() });
    });
  }
}

async function declareState(
  tx: Tx,
  { state, reason, expiresAt }: PfnDeclaration,
  copies: readonly CopyKey[],
  by: { readonly accountId: number; readonly now: Date },
): Promise<void> {
  switch (state) {
    case 'BAD': {
      const { bad } = await declareBad(tx, copies, { ...by, reason });
      await reopenCopies(tx, bad, by.now);
      return;
    }
    case 'SUSPICIOUS':
      await suspectCopies(tx, copies, { ...by, reason });
      return;
    case 'TEMPORARY_UNAVAILABLE':
      if (expiresAt) await restCopies(tx, copies, { ...by, reason, expiresAt });
      return;
    case 'AVAILABLE': {
      const readable = await assertReadable(tx, copies, by.now);
      await confirmCopies(tx, readable, by.now);
      // Others may have waited for a good source.
      await ring(tx, Channel.BAD_REPLICAS);
    }
  }
}

async function rseOfId(tx: Tx, id: string): Promise<Rse> {
  const rse = (await listRses(tx)).find(({ uid }) => wireId(uid) === id);
  if (!rse) throw new RSENotFound(`RSE '${id}' cannot be found`);
  return rse;
}
