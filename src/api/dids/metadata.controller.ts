import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { type Account, accountsById, type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { Database, type Tx } from '../../db/index.js';
import { type Did, findDid, findDids, resolveDids } from '../../dids/index.js';
import { ValueError } from '../../errors/index.js';
import {
  deleteMetadata,
  type Meta,
  type MetaChange,
  metadataOf,
  setMetadata,
} from '../../metadata/index.js';
import { mayDescribeDids } from '../../policy/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, parseText, Produces, streamRows } from '../wire/index.js';
import { demandScopes } from './did-name.js';
import { presentMetadata, presentMetadataRow } from './metadata.presenter.js';
import {
  parseBulkChange,
  parseBulkQuestion,
  parseKey,
  parseKeys,
  parsePluginParameter,
} from './metadata.request.js';

/** What DIDs say about themselves. */
@Controller('dids')
export class DidMetadataController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get(':scope/:name/meta')
  @Produces(JSON_TYPE)
  async get(@Param() name: DidName, @Query('plugin') pluginName: unknown): Promise<Meta> {
    const plugin = parsePluginParameter(pluginName);
    return await this.db.read(async (tx) => {
      const did = await findDid(tx, name);
      const [metadata] = await metadataOf(tx, [did], { plugin });
      const accounts = await ownersOf(tx, [did]);
      return metadata ? presentMetadata(metadata, nameOfOwner(accounts, did), plugin) : {};
    });
  }

  /** In the order of the request; unknown DIDs are left out. */
  @Post('bulkmeta')
  @HttpCode(200)
  @Produces(NDJSON)
  async getMany(@Body() body: unknown): Promise<StreamableFile> {
    const { dids: names, inherit, plugin } = parseBulkQuestion(body);
    const rows = await this.db.read(async (tx) => {
      const dids = await resolveDids(tx, names);
      const accounts = await ownersOf(tx, dids);
      const metadata = await metadataOf(tx, dids, { plugin, inherit });
      return metadata.map((it) => presentMetadataRow(it, nameOfOwner(accounts, it.did), plugin));
    });
    return await streamRows(rows);
  }

  @Post(':scope/:name/meta/:key')
  async setKey(
    @Param() { scope, name, key }: DidName & { readonly key: string },
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const { meta, recursive } = parseKey(key, body);
    return await this.set(caller, [{ scope, name, meta }], recursive);
  }

  @Post(':scope/:name/meta')
  async setKeys(
    @Param() { scope, name }: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const { meta, recursive } = parseKeys(body);
    return await this.set(caller, [{ scope, name, meta }], recursive);
  }

  @Post('bulkdidsmeta')
  async setMany(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const { dids, recursive } = parseBulkChange(body);
    return await this.set(caller, dids, recursive);
  }

  @Delete(':scope/:name/meta')
  async delete(
    @Param() name: DidName,
    @Query('key') keyText: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const key = parseText(keyText, 'key');
    if (key === undefined || key === '') throw new ValueError(`Parameter 'key' is missing`);
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, [name], 'delete metadata', mayDescribeDids);
      const did = await findDid(tx, name);
      await deleteMetadata(tx, did, key, this.clock.now());
    });
  }

  private async set(
    caller: Principal,
    changes: readonly (DidName & { readonly meta: Meta })[],
    recursive: boolean,
  ): Promise<string> {
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, changes, 'set metadata', mayDescribeDids);
      const dids = await findDids(tx, changes);
      const told: MetaChange[] = dids.map((did, at) => ({ did, meta: changes[at]?.meta ?? {} }));
      await setMetadata(tx, told, { recursive, now: this.clock.now() });
    });
    return 'Created';
  }
}

const ownersOf = (tx: Tx, dids: readonly Did[]): Promise<Map<number, Account>> =>
  accountsById(tx, [...new Set(dids.map(({ accountId }) => accountId))]);

const nameOfOwner = (accounts: ReadonlyMap<number, Account>, did: Did): string =>
  accounts.get(did.accountId)?.name ?? '';
