import {
  Body,
  Controller,
  Get,
  Inject,
  Param,
  Post,
  Put,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import {
  type CollectionSize,
  datasetsOfGuid,
  depthOf,
  findDid,
  findSizedDid,
  setOpen,
  type SizedDid,
} from '../../dids/index.js';
import { DataIdentifierNotFound, ValueError } from '../../errors/index.js';
import { demand, mayDescribeDids, mayReopenDid } from '../../policy/index.js';
import { tellClosed } from '../../rules/index.js';
import { type DidName, DidType, Patterns, plainHex } from '../../vocabulary/index.js';
import {
  Caller,
  JSON_TYPE,
  NDJSON,
  parseBool,
  parseText,
  Produces,
  streamRows,
} from '../wire/index.js';
import { addRequested } from './add-requested.js';
import { demandScopes } from './did-name.js';
import { presentDid, presentNewDid, sizeAtDepth } from './dids.presenter.js';
import {
  parseDepth,
  parseNewDid,
  parseNewDids,
  parseSearch,
  parseStatus,
  parseType,
} from './dids.request.js';
import { listBelow, listScope, newDids, searchLines } from './listings.js';
import { mapRows } from './map-rows.js';

/** Names: add, read, open and close, find. */
@Controller('dids')
export class DidsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  async addMany(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const now = this.clock.now();
    const requests = parseNewDids(body, { now, naming: this.config.dids.naming });
    await this.db.tx((tx) => addRequested(tx, requests, { caller, now, config: this.config }));
    return 'Created';
  }

  @Post(':scope/:name')
  async add(
    @Param() did: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const now = this.clock.now();
    const request = parseNewDid(did, body, { now, naming: this.config.dids.naming });
    await this.db.tx((tx) => addRequested(tx, [request], { caller, now, config: this.config }));
    return 'Created';
  }

  @Get('new')
  @Produces(NDJSON)
  async listNew(@Query('type') type: unknown): Promise<StreamableFile> {
    return await streamRows(mapRows(newDids(this.db, parseType(type)), presentNewDid));
  }

  @Get(':guid/guid')
  @Produces(NDJSON)
  async datasetsOfGuid(@Param('guid') guid: string): Promise<StreamableFile> {
    if (!Patterns.guid.test(guid)) throw new ValueError(`'${guid}' is no GUID`);
    const datasets = await this.db.read((tx) => datasetsOfGuid(tx, plainHex(guid)));
    if (datasets.length === 0) {
      throw new DataIdentifierNotFound(`No dataset has a file with GUID ${guid}`, { guid });
    }
    return await streamRows(datasets.map(({ scope, name }) => ({ scope, name })));
  }

  @Get(':scope')
  @Produces(NDJSON)
  async listScope(
    @Param('scope') scope: string,
    @Query() query: Record<string, unknown>,
  ): Promise<StreamableFile> {
    const name = parseText(query['name'], 'name');
    const recursive = parseBool(query['recursive'], 'recursive');
    if (name === undefined || name === '') {
      return await streamRows(listScope(this.db, scope, recursive));
    }
    const did = await this.db.read((tx) => findDid(tx, { scope, name }));
    return await streamRows(listBelow(this.db, did, recursive));
  }

  @Get(':scope/dids/search')
  @Produces(NDJSON)
  async search(
    @Param('scope') scope: string,
    @Query() query: Record<string, unknown>,
  ): Promise<StreamableFile> {
    const search = { scope, ...parseSearch(query), timeoutMs: this.config.metadata.queryTimeoutMs };
    return await streamRows(searchLines(this.db, search));
  }

  @Get([':scope/:name', ':scope/:name/status'])
  @Produces(JSON_TYPE)
  async get(@Param() did: DidName, @Query('dynamic_depth') depth: unknown): Promise<object> {
    const unit = parseDepth(depth);
    return await this.db.read(async (tx) => {
      const found = await findSizedDid(tx, did);
      return presentDid(found, found.account, await sizeOf(tx, found, unit));
    });
  }

  /** Only admins open a collection again. */
  @Put(':scope/:name/status')
  async setStatus(
    @Param() did: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const open = parseStatus(body);
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, [did], `change the status of DIDs`, mayDescribeDids);
      if (open) demand(mayReopenDid(caller), `open ${did.scope}:${did.name} again`);
      const { id } = await setOpen(tx, did, open, this.clock.now());
      if (!open) await tellClosed(tx, id);
    });
  }
}

/** The size that a DID is shown with; of open containers only where it was asked for. */
async function sizeOf(
  tx: Tx,
  { id, type, isOpen, length, sizeBytes }: SizedDid,
  unit: 'FILE' | 'DATASET' | undefined,
): Promise<CollectionSize | null> {
  if (type === DidType.FILE) return null;
  if (unit !== undefined) return sizeAtDepth(await depthOf(tx, id), unit);
  if (type === DidType.DATASET) return { length, bytes: sizeBytes };
  return isOpen ? null : sizeAtDepth(await depthOf(tx, id), 'FILE');
}
