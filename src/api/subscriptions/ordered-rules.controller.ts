import { Controller, Get, Inject, Param, Query, type StreamableFile } from '@nestjs/common';
import { Database, join, sql } from '../../db/index.js';
import { listRules } from '../../rules/index.js';
import {
  countRules,
  listBacklog,
  listSubscriptions,
  type SubscriptionNames,
} from '../../subscriptions/index.js';
import { mapRows } from '../dids/map-rows.js';
import { presentRule } from '../rules/rules.presenter.js';
import { parseFilters } from '../rules/rule-filters.request.js';
import { NDJSON, parseBool, parseText, Produces, streamRows } from '../wire/index.js';
import {
  presentRuleCount,
  presentRuleCountDetails,
  presentWaiting,
} from './subscriptions.presenter.js';

/** What became of standing orders: their rules, and what could not become one. */
@Controller('subscriptions')
export class OrderedRulesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get(':account/:name/rules')
  @Produces(NDJSON)
  async rules(
    @Param() names: SubscriptionNames,
    @Query('state') state: unknown,
  ): Promise<StreamableFile> {
    const ofState = parseText(state, 'state');
    const conditions = ofState === undefined ? [] : parseFilters({ state: ofState });
    const found = await this.db.read((tx) => listSubscriptions(tx, names));
    const uids = found.map(({ uid }) => uid);
    const where = join([sql`r.subscription_uid = ANY(${uids}::uuid[])`, ...conditions], ' AND ');
    const rules = listRules((work) => this.db.read(work), where);
    return await streamRows(mapRows(rules, presentRule));
  }

  @Get(':account/rules/states')
  @Produces(NDJSON)
  async statesOfAccount(
    @Param('account') account: string,
    @Query('include_details') details: unknown,
  ): Promise<StreamableFile> {
    return await this.states({ account }, details);
  }

  @Get(':account/:name/rules/states')
  @Produces(NDJSON)
  async statesOfOne(
    @Param() names: SubscriptionNames,
    @Query('include_details') details: unknown,
  ): Promise<StreamableFile> {
    return await this.states(names, details);
  }

  /** Not of Rucio: the DIDs that it matched and that have no rule yet, each with the reason. */
  @Get(':account/:name/backlog')
  @Produces(NDJSON)
  async backlog(@Param() names: SubscriptionNames): Promise<StreamableFile> {
    const waiting = await this.db.read(async (tx) => {
      const found = await listSubscriptions(tx, names);
      return await listBacklog(
        tx,
        found.map(({ id }) => id),
      );
    });
    return await streamRows(waiting.map(presentWaiting));
  }

  private async states(names: SubscriptionNames, details: unknown): Promise<StreamableFile> {
    const detailed = parseBool(details, 'include_details');
    const counts = await this.db.read((tx) => countRules(tx, names));
    return await streamRows(
      counts.map((count) => (detailed ? presentRuleCountDetails(count) : presentRuleCount(count))),
    );
  }
}
