import { Controller, Get, Inject, Param } from '@nestjs/common';
import { findAccount, type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import {
  type CopyName,
  type Desk,
  explainAccount,
  explainCopy,
  explainDid,
  explainRequest,
  explainRse,
  explainRule,
  type Explanation,
} from '../../explain/index.js';
import { demand, mayReadLimits, mayReadRequest, mayReadUsage } from '../../policy/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentExplanation } from './explain.presenter.js';

/** Why things are as they are, what is done about it, and the request that mends it. */
@Controller()
export class ExplainController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('rules/:id/explain')
  @Produces(JSON_TYPE)
  async rule(@Param('id') id: string): Promise<object> {
    return await this.explain((tx, desk) => explainRule(tx, id, desk));
  }

  @Get('dids/:scope/:name/explain')
  @Produces(JSON_TYPE)
  async did(@Param() name: DidName): Promise<object> {
    return await this.explain((tx, desk) => explainDid(tx, name, desk));
  }

  @Get('replicas/:scope/:name/:rse/explain')
  @Produces(JSON_TYPE)
  async copy(@Param() name: CopyName): Promise<object> {
    return await this.explain((tx, desk) => explainCopy(tx, name, desk));
  }

  @Get('rses/:rse/explain')
  @Produces(JSON_TYPE)
  async rse(@Param('rse') name: string): Promise<object> {
    return await this.explain((tx, desk) => explainRse(tx, name, desk));
  }

  @Get('requests/:id/explain')
  @Produces(JSON_TYPE)
  async request(@Param('id') id: string, @Caller() caller: Principal): Promise<object> {
    demand(mayReadRequest(caller), 'see requests');
    return await this.explain((tx, desk) => explainRequest(tx, id, desk));
  }

  /** It tells limits and usage: who may see those may see this. */
  @Get('accounts/:account/explain')
  @Produces(JSON_TYPE)
  async account(@Param('account') name: string, @Caller() caller: Principal): Promise<object> {
    return await this.explain(async (tx, desk) => {
      const { id } = await findAccount(tx, name);
      const may = mayReadLimits(caller, id) && mayReadUsage(caller, id);
      demand(may, `see the limits and the usage of account ${name}`);
      return await explainAccount(tx, name, desk);
    });
  }

  private async explain(work: (tx: Tx, desk: Desk) => Promise<Explanation>): Promise<object> {
    const desk = { config: this.config, now: this.clock.now() };
    return presentExplanation(await this.db.snapshot((tx) => work(tx, desk)));
  }
}
