import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { accountNamesOf } from '../../accounts/index.js';
import { Database } from '../../db/index.js';
import { KeyError } from '../../errors/index.js';
import { parseIdentityType } from '../accounts/identities.request.js';
import { JSON_TYPE, parseText, Produces } from '../wire/index.js';

/** Which accounts an identity speaks for. */
@Controller('identities')
export class IdentitiesController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('accounts')
  @Produces(JSON_TYPE)
  async byQuery(@Query() query: Readonly<Record<string, unknown>>): Promise<string[]> {
    const identity = parseText(query.identity_key, 'identity_key');
    const type = parseText(query.type, 'type');
    if (identity === undefined || type === undefined) {
      throw new KeyError(`'${identity === undefined ? 'identity_key' : 'type'}' not defined`);
    }
    return await this.accounts(identity, type);
  }

  @Get(':identity/:type/accounts')
  @Produces(JSON_TYPE)
  async byPath(
    @Param('identity') identity: string,
    @Param('type') type: string,
  ): Promise<string[]> {
    return await this.accounts(identity, type);
  }

  private async accounts(identity: string, typeName: string): Promise<string[]> {
    const type = parseIdentityType(typeName);
    return await this.db.read((tx) => accountNamesOf(tx, { type, identity }));
  }
}
