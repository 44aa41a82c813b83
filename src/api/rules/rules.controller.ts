import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  type StreamableFile,
} from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { findAccount, findActiveAccount, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, join, sql, type Sql, type Tx } from '../../db/index.js';
import { findDid } from '../../dids/index.js';
import { InputValidationError } from '../../errors/index.js';
import { demand, mayApproveRule, mayChangeRule, mayGiveRule } from '../../policy/index.js';
import {
  addRules,
  approveRule,
  changeRule,
  deleteRule,
  denyRule,
  findListedRule,
  findRule,
  holdsFile,
  listRules,
  moveRule,
  reduceRule,
  type Rule,
  rulesTerms,
  sameConstraints,
} from '../../rules/index.js';
import { type DidName, wireId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, note, Produces, streamRows } from '../wire/index.js';
import { mapRows } from '../dids/map-rows.js';
import { parseUpdate, type RuleUpdate } from './change-rule.request.js';
import { ruleSpecOf } from './rule-item.request.js';
import { presentRule } from './rules.presenter.js';
import { parseMove, parseReduction } from './replace-rule.request.js';
import { parseFilters } from './rule-filters.request.js';
import { parseDeletion, parseNewRules } from './rules.request.js';

/** Wishes: add, read, change, delete, move and reduce. */
@Controller()
export class RulesController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('rules')
  @Produces(JSON_TYPE)
  async add(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
  ): Promise<string[]> {
    const { dids, rule } = parseNewRules(body);
    const added = await this.db.tx(async (tx) => {
      const spec = await ruleSpecOf(tx, caller, dids, rule);
      return await addRules(tx, spec, rulesTerms(this.config, this.clock.now()));
    });
    const rules = added.map(({ id, uid }) => ({ rule: id, uid: wireId(uid) }));
    note(request, { rules });
    return rules.map(({ uid }) => uid);
  }

  @Get('rules')
  @Produces(NDJSON)
  async list(@Query() query: Record<string, unknown>): Promise<StreamableFile> {
    return await this.stream(parseFilters(query));
  }

  @Get('accounts/:account/rules')
  @Produces(NDJSON)
  async listOfAccount(
    @Param('account') account: string,
    @Query() query: Record<string, unknown>,
  ): Promise<StreamableFile> {
    const { id } = await this.db.read((tx) => findAccount(tx, account));
    return await this.stream([sql`r.account_id = ${id}`, ...parseFilters(query)]);
  }

  @Get('dids/:scope/:name/rules')
  @Produces(NDJSON)
  async listOfDid(@Param() name: DidName): Promise<StreamableFile> {
    const did = await this.db.read((tx) => findDid(tx, name));
    return await this.stream([sql`r.did_id = ${did.id}`]);
  }

  @Get('dids/:scope/:name/associated_rules')
  @Produces(NDJSON)
  async listOfFile(@Param() name: DidName): Promise<StreamableFile> {
    const did = await this.db.read((tx) => findDid(tx, name));
    return await this.stream([holdsFile(did.id)]);
  }

  @Get('rules/:id')
  @Produces(JSON_TYPE)
  async get(@Param('id') id: string): Promise<object> {
    return presentRule(await this.db.read((tx) => findListedRule(tx, id)));
  }

  @Put('rules/:id')
  async update(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const update = parseUpdate(body);
    await this.changing(id, caller, 'change', async (tx, rule, now) => {
      await this.apply(tx, rule, update, { caller, now });
      return { ...update.change, account: update.account, approve: update.approve };
    });
  }

  @Delete('rules/:id')
  async delete(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const purge = parseDeletion(body);
    await this.changing(id, caller, 'delete', async (tx, rule, now) => {
      const { deleteGraceSeconds } = this.config.rules;
      await deleteRule(tx, rule, {
        now,
        deleteGraceSeconds,
        ...(purge !== undefined && { purge }),
      });
      return { purge };
    });
  }

  @Post('rules/:id/move')
  @Produces(JSON_TYPE)
  async move(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const { rseExpression, constraints, override, account } = parseMove(body);
    let moved = '';
    await this.changing(id, caller, 'move', async (tx, rule, now) => {
      const gives = account !== undefined || override.locked === true;
      if (gives) demand(mayGiveRule(caller), `move rule ${id} to another account or lock it`);
      const owner = await newOwner(tx, account);
      const move = { rseExpression, constraints, override: { ...override, ...owner } };
      moved = (await moveRule(tx, rule, move, rulesTerms(this.config, now))).uid;
      return { to: wireId(moved), rseExpression };
    });
    return JSON.stringify(wireId(moved));
  }

  /** The official client takes 200 here and nothing else. */
  @Post('rules/:id/reduce')
  @HttpCode(200)
  @Produces(JSON_TYPE)
  async reduce(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const reduction = parseReduction(body);
    let reduced = '';
    await this.changing(id, caller, 'reduce', async (tx, rule, now) => {
      reduced = (await reduceRule(tx, rule, reduction, rulesTerms(this.config, now))).uid;
      return { to: wireId(reduced), ...reduction };
    });
    return JSON.stringify(wireId(reduced));
  }

  private async apply(
    tx: Tx,
    rule: Rule,
    { change, account, approve, sluice }: RuleUpdate,
    { caller, now }: { readonly caller: Principal; readonly now: Date },
  ): Promise<void> {
    const id = wireId(rule.uid);
    if (approve !== undefined) {
      demand(mayApproveRule(caller), `approve or deny rule ${id}`);
      const { comment } = change;
      const decision = { now, by: caller.account, ...(typeof comment === 'string' && { comment }) };
      return approve ? await approveRule(tx, rule, decision) : await denyRule(tx, rule, decision);
    }
    if (sluice.placement && !sameConstraints(sluice.placement, rule.constraints)) {
      throw new InputValidationError(
        `meta.sluice.placement is not the placement of rule ${id}: a rule's placement is changed by moving it`,
        { rule: id },
      );
    }
    if (change.locked === true) demand(mayGiveRule(caller), `lock rule ${id}`);
    if (account !== undefined) demand(mayGiveRule(caller), `give rule ${id} to ${account}`);
    const owner = await newOwner(tx, account);
    await changeRule(tx, rule, { ...change, ...owner }, rulesTerms(this.config, now));
  }

  /** One change of one rule, held, permitted and recorded. */
  private async changing(
    id: string,
    caller: Principal,
    verb: string,
    work: (tx: Tx, rule: Rule, now: Date) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const rule = await findRule(tx, id, 'wait');
      demand(mayChangeRule(caller, rule.accountId), `${verb} rule ${id} of ${rule.account}`);
      const change = await work(tx, rule, this.clock.now());
      await record(tx, {
        by: caller,
        action: `rule.${verb}`,
        subject: wireId(rule.uid),
        change,
      });
    });
  }

  private async stream(conditions: readonly Sql[]): Promise<StreamableFile> {
    const where = join([sql`true`, ...conditions], ' AND ');
    const rules = listRules((work) => this.db.read(work), where);
    return await streamRows(mapRows(rules, presentRule));
  }
}

/** Who pays from now on, where that changes. Throws AccountNotFound. */
const newOwner = async (tx: Tx, account: string | undefined) =>
  account === undefined ? {} : { accountId: (await findActiveAccount(tx, account)).id };
