import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Database } from '../../db/index.js';
import { addKey, addValue, listKeys, listValues } from '../../metadata/index.js';
import { demand, mayDeclareKeys } from '../../policy/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseNewKey, parseNewValue } from './meta-conventions.request.js';

/**
 * Declared metadata keys and their values. On the wire a key's values differ from the key by a slash
 * at the end; rewriteUrl has turned that into `/values`.
 */
@Controller('meta_conventions')
export class MetaConventionsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async listKeys(): Promise<string[]> {
    return await this.db.read((tx) => listKeys(tx));
  }

  @Post(':key')
  async addKey(
    @Param('key') key: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const spec = parseNewKey(key, body);
    demand(mayDeclareKeys(caller), `declare the metadata key ${key}`);
    await this.db.tx((tx) => addKey(tx, spec));
    return 'Created';
  }

  @Get([':key', ':key/values'])
  @Produces(JSON_TYPE)
  async listValues(@Param('key') key: string): Promise<string[]> {
    return await this.db.read((tx) => listValues(tx, key));
  }

  @Post(':key/values')
  async addValue(
    @Param('key') key: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const value = parseNewValue(body);
    demand(mayDeclareKeys(caller), `declare a value of the metadata key ${key}`);
    await this.db.tx((tx) => addValue(tx, key, value));
    return 'Created';
  }
}
