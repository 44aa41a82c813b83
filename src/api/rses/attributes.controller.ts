import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeRses } from '../../policy/index.js';
import { findRse, removeRseAttribute, setRseAttribute } from '../../rses/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentAttributes } from './rses.presenter.js';
import { parseAttributeValue } from './settings.request.js';

/** What is said about a storage element: expressions select by it. */
@Controller('rses/:rse/attr')
export class RseAttributesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Param('rse') name: string) {
    return presentAttributes(await this.db.read((tx) => findRse(tx, name)));
  }

  @Post(':key')
  async set(
    @Param('rse') name: string,
    @Param('key') key: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayChangeRses(caller), `set attributes of RSE ${name}`);
    const value = parseAttributeValue(key, body);
    await this.db.tx(async (tx) => {
      await setRseAttribute(tx, await findRse(tx, name), key, value);
      await record(tx, {
        by: caller,
        action: 'rse.attribute.set',
        subject: name,
        change: { [key]: value },
      });
    });
    return 'Created';
  }

  @Delete(':key')
  async delete(
    @Param('rse') name: string,
    @Param('key') key: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    demand(mayChangeRses(caller), `delete attributes of RSE ${name}`);
    await this.db.tx(async (tx) => {
      await removeRseAttribute(tx, await findRse(tx, name), key);
      await record(tx, {
        by: caller,
        action: 'rse.attribute.delete',
        subject: name,
        change: { key },
      });
    });
  }
}
