import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { findActiveAccount, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import { RuleNotFound } from '../../errors/index.js';
import { demand, mayAddRule, mayApproveRule, mayChangeRule } from '../../policy/index.js';
import {
  type DeletedRule,
  findDeletedRule,
  findListedRule,
  findRule,
  holdForRule,
  restoreRule,
  rulesTerms,
  takeBackDeletion,
} from '../../rules/index.js';
import { type DidId } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentRule } from './rules.presenter.js';
import { parseRestoration } from './rules.request.js';

type Wish = ReturnType<typeof parseRestoration>;

/** A deletion that was a mistake. */
@Controller('rules')
export class RestoreController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** While the rule still stands its expiry goes; after that it is made again, under its id. */
  @Post(':id/restore')
  @HttpCode(200)
  @Produces(JSON_TYPE)
  async restore(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<object> {
    const wish = parseRestoration(body);
    const stands = await this.db.tx((tx) => this.takeBack(tx, id, wish, caller));
    if (!stands) {
      const past = await this.db.read((tx) => findDeletedRule(tx, id));
      await this.makeAgain(id, past, wish, caller);
    }
    return presentRule(await this.db.read((tx) => findListedRule(tx, id)));
  }

  /** Gives whether the rule stands. */
  private async takeBack(tx: Tx, id: string, wish: Wish, caller: Principal): Promise<boolean> {
    const rule = await findRule(tx, id, 'wait').catch((error: unknown) => {
      if (error instanceof RuleNotFound) return undefined;
      throw error;
    });
    if (!rule) return false;
    demand(mayChangeRule(caller, rule.accountId), `restore rule ${id} of ${rule.account}`);
    const now = this.clock.now();
    const { deleteGraceSeconds } = this.config.rules;
    const terms = { ...rulesTerms(this.config, now), deleteGraceSeconds };
    await takeBackDeletion(tx, rule, wish.lifetime, terms);
    await record(tx, { by: caller, action: 'rule.restore', subject: id, change: wish });
    return true;
  }

  private async makeAgain(
    id: string,
    past: DeletedRule,
    wish: Wish,
    caller: Principal,
  ): Promise<void> {
    demand(mayAddRule(caller, past.accountId, false), `restore rule ${id} of ${past.account}`);
    const now = this.clock.now();
    for (let after: DidId | null = -1n; after !== null;) {
      const from: DidId = after;
      after = await this.db.tx((tx) => holdForRule(tx, past, from, now));
    }
    const passLimits = mayApproveRule(caller);
    await this.db.tx(async (tx) => {
      await findActiveAccount(tx, past.account);
      await restoreRule(tx, past, { ...wish, passLimits }, rulesTerms(this.config, now));
      await record(tx, { by: caller, action: 'rule.restore', subject: id, change: wish });
    });
  }
}
