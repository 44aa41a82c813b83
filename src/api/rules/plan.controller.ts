import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { findActiveAccount, type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeRses, mayChangeSubscription } from '../../policy/index.js';
import { findRse } from '../../rses/index.js';
import { planLeaving, planRules, type RuleSpec, rulesTerms } from '../../rules/index.js';
import { findSubscription, parseOrder, planOrder } from '../../subscriptions/index.js';
import { demandRules } from '../subscriptions/subscriptions.request.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentLeaving, presentOrder, presentPlans } from './plan.presenter.js';
import { parsePlan, type PlannedSubscription } from './plan.request.js';
import { ruleSpecOf } from './rule-item.request.js';
import { type RulesRequest } from './rules.request.js';

/** No rule is of a subscription that is to be. */
const NOBODYS = '00000000-0000-0000-0000-000000000000';

/** What wishes would come to, before anybody makes them. Writes nothing. */
@Controller('rules/plan')
export class RulePlansController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whoever may add a rule may plan it; what an RSE's leaving comes to is for those who may end it. */
  @Post()
  @HttpCode(200)
  @Produces(JSON_TYPE)
  async plan(@Body() body: unknown, @Caller() caller: Principal): Promise<object> {
    const asked = parsePlan(body);
    switch (asked.kind) {
      case 'rules':
        return await this.planRules(asked.rules, caller);
      case 'leaving':
        return await this.planLeaving(asked.rse, caller);
      case 'subscription':
        return await this.planSubscription(asked.subscription, caller);
    }
  }

  private async planRules(rules: readonly RulesRequest[], caller: Principal): Promise<object> {
    return await this.db.snapshot(async (tx) => {
      const specs: RuleSpec[] = [];
      for (const { dids, rule } of rules) specs.push(await ruleSpecOf(tx, caller, dids, rule));
      return presentPlans(await planRules(tx, specs, rulesTerms(this.config, this.clock.now())));
    });
  }

  private async planSubscription(
    { account = '', name, order: given }: PlannedSubscription,
    caller: Principal,
  ): Promise<object> {
    return await this.db.snapshot(async (tx) => {
      const owner = account || caller.account;
      const { id: accountId } = await findActiveAccount(tx, owner);
      demand(mayChangeSubscription(caller, accountId), `plan a subscription of ${owner}`);
      const subscription = given
        ? { uid: NOBODYS, accountId, ...given }
        : await findSubscription(tx, owner, name);
      if (given) await demandRules(tx, caller, accountId, given.replicationRules);
      const order = { ...parseOrder(subscription), subscription };
      const terms = rulesTerms(this.config, this.clock.now());
      return presentOrder(await planOrder(tx, order, terms));
    });
  }

  private async planLeaving(name: string, caller: Principal): Promise<object> {
    demand(mayChangeRses(caller), `plan that ${name} leaves`);
    return await this.db.snapshot(async (tx) => {
      const rse = await findRse(tx, name);
      return presentLeaving(await planLeaving(tx, rse, rulesTerms(this.config, this.clock.now())));
    });
  }
}
