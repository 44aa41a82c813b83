import { Body, Controller, Delete, Get, Inject, Param, Post } from '@nestjs/common';
import {
  deleteAccountAttribute,
  findAccount,
  findActiveAccount,
  insertAccountAttribute,
  listAccountAttributes,
  type Principal,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { AccountNotFound, Duplicate } from '../../errors/index.js';
import { demand, mayChangeAccountAttributes } from '../../policy/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { presentAttribute } from './accounts.presenter.js';
import { parseNewAttribute } from './accounts.request.js';

/** What is said about an account: permissions turn on it. */
@Controller('accounts/:account/attr')
export class AccountAttributesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Param('account') name: string) {
    const attributes = await this.db.read(async (tx) => {
      const account = await findAccount(tx, name);
      return await listAccountAttributes(tx, account.id);
    });
    return attributes.map(presentAttribute);
  }

  @Post(':key')
  async add(
    @Param('account') name: string,
    @Param('key') key: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const attribute = parseNewAttribute(key, body);
    await this.db.tx(async (tx) => {
      const account = await findActiveAccount(tx, name);
      demand(mayChangeAccountAttributes(caller, account), `add attributes to account ${name}`);
      if (!(await insertAccountAttribute(tx, account.id, attribute))) {
        throw new Duplicate(`Account '${name}' already has an attribute '${key}'`, { key });
      }
      await record(tx, {
        by: caller,
        action: 'account.attribute.add',
        subject: name,
        change: { [key]: attribute.value },
      });
    });
    return 'Created';
  }

  /** A missing attribute is AccountNotFound, as clients expect. */
  @Delete(':key')
  async delete(
    @Param('account') name: string,
    @Param('key') key: string,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const account = await findAccount(tx, name);
      demand(mayChangeAccountAttributes(caller, account), `take attributes from account ${name}`);
      if (!(await deleteAccountAttribute(tx, account.id, key))) {
        throw new AccountNotFound(`Account '${name}' has no attribute '${key}'`, { key });
      }
      await record(tx, {
        by: caller,
        action: 'account.attribute.delete',
        subject: name,
        change: { key },
      });
    });
  }
}
