import { Controller, Get, Inject, Param, type StreamableFile } from '@nestjs/common';
import { Database, type Tx } from '../../db/index.js';
import { locksOfRule } from '../../locks/index.js';
import { listRses, type Rse } from '../../rses/index.js';
import { findRule, lockTroubles, pastOfRule, ruleHistory } from '../../rules/index.js';
import { RuleNotFound } from '../../errors/index.js';
import { type DidName, parseWireId, RuleState } from '../../vocabulary/index.js';
import { JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { mapRows } from '../dids/map-rows.js';
import { presentAnalysis, presentLock, presentPast, presentPastRule } from './rules.presenter.js';

/** What a rule holds, why it is not OK, and what it was. */
@Controller('rules')
export class RuleReportsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** An unknown rule has no locks, as on the reference server. */
  @Get(':id/locks')
  @Produces(NDJSON)
  async locks(@Param('id') id: string): Promise<StreamableFile> {
    const found = await this.db.read(async (tx) => {
      try {
        return { rule: await findRule(tx, id), rses: await rsesByKey(tx) };
      } catch (error) {
        if (error instanceof RuleNotFound) return undefined;
        throw error;
      }
    });
    if (!found) return await streamRows([]);
    const { rule, rses } = found;
    const locks = locksOfRule((work) => this.db.read(work), rule.id);
    return await streamRows(
      mapRows(locks, (lock) => presentLock(lock, rule.uid, rses.get(lock.rseId))),
    );
  }

  @Get(':id/analysis')
  @Produces(JSON_TYPE)
  async analysis(@Param('id') id: string): Promise<object> {
    return await this.db.read(async (tx) => {
      const rule = await findRule(tx, id);
      const well = rule.state === RuleState.OK;
      const troubles = well ? [] : await lockTroubles(tx, rule.id);
      return presentAnalysis(rule, troubles, await rsesByKey(tx));
    });
  }

  @Get(':id/history')
  @Produces(NDJSON)
  async history(@Param('id') id: string): Promise<StreamableFile> {
    const uid = parseWireId(id);
    const past = uid ? await this.db.read((tx) => pastOfRule(tx, uid)) : [];
    return await streamRows(past.map(presentPast));
  }

  @Get(':scope/:name/history')
  @Produces(NDJSON)
  async historyOfDid(@Param() did: DidName): Promise<StreamableFile> {
    const past = await this.db.read((tx) => ruleHistory(tx, did));
    return await streamRows(past.map(presentPastRule));
  }
}

const rsesByKey = async (tx: Tx): Promise<Map<number, Rse>> =>
  new Map((await listRses(tx)).map((rse) => [rse.id, rse]));
