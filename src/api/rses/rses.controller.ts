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
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeRses, maySeeProtocolSecrets } from '../../policy/index.js';
import {
  addRse,
  changeRse,
  deleteRse,
  findRse,
  listRses,
  protocolsOf,
  resolveRses,
  restoreRse,
} from '../../rses/index.js';
import { Caller, JSON_TYPE, NDJSON, parseText, Produces, streamRows } from '../wire/index.js';
import { presentRse, presentRseRow } from './rses.presenter.js';
import { parseNewRse, parseRseChange, parseRseName } from './rses.request.js';

/** Storage elements. */
@Controller('rses')
export class RsesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** All in full, or by an expression their names alone. */
  @Get()
  @Produces(NDJSON)
  async list(@Query() query: Readonly<Record<string, unknown>>): Promise<StreamableFile> {
    const expression = parseText(query.expression, 'expression');
    if (expression === undefined || expression === '') {
      const all = await this.db.read((tx) => listRses(tx));
      return await streamRows(all.map(presentRseRow));
    }
    const named = await this.db.read((tx) => resolveRses(tx, expression));
    return await streamRows(named.map(({ name }) => ({ rse: name })));
  }

  @Get(':rse')
  @Produces(JSON_TYPE)
  async get(@Param('rse') name: string, @Caller() caller: Principal) {
    return await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
      return presentRse(rse, protocols, maySeeProtocolSecrets(caller));
    });
  }

  @Post(':rse')
  async add(
    @Param('rse') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeRses(caller), `add RSE ${name}`);
    const traits = parseNewRse(body);
    await this.db.tx(async (tx) => {
      await addRse(tx, parseRseName(name), traits);
      await record(tx, {
        by: caller,
        action: 'rse.add',
        subject: name,
        change: { ...traits },
      });
    });
    return 'Created';
  }

  @Put(':rse')
  @HttpCode(201)
  async update(
    @Param('rse') name: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeRses(caller), `update RSE ${name}`);
    const change = parseRseChange(body);
    await this.db.tx(async (tx) => {
      await changeRse(tx, await findRse(tx, name), change);
      await record(tx, {
        by: caller,
        action: 'rse.update',
        subject: name,
        change: { ...change },
      });
    });
    return 'Created';
  }

  /** Brings a deleted one back. Rucio's clients have no call for it; an import does the same. */
  @Post(':rse/restore')
  async restore(@Param('rse') name: string, @Caller() caller: Principal): Promise<string> {
    demand(mayChangeRses(caller), `restore RSE ${name}`);
    await this.db.tx(async (tx) => {
      await restoreRse(tx, name);
      await record(tx, { by: caller, action: 'rse.restore', subject: name });
    });
    return 'Created';
  }

  @Delete(':rse')
  async delete(@Param('rse') name: string, @Caller() caller: Principal): Promise<void> {
    demand(mayChangeRses(caller), `delete RSE ${name}`);
    await this.db.tx(async (tx) => {
      await deleteRse(tx, await findRse(tx, name));
      await record(tx, { by: caller, action: 'rse.delete', subject: name });
    });
  }
}
