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
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { detachDids, type Did, parentsOf, resolveDids } from '../../dids/index.js';
import { type DidName, type NamingScheme } from '../../vocabulary/index.js';
import { Caller, NDJSON, Produces, streamRows } from '../wire/index.js';
import { attachContent } from './attach-content.js';
import { parseAttach, parseAttachments, parseBulkFiles, parseDetach } from './content.request.js';
import { demandScopes } from './did-name.js';
import {
  presentBulkFile,
  presentChild,
  presentFile,
  presentFormerChild,
  presentParent,
} from './dids.presenter.js';
import { filesOf, filesOfMany } from './file-listings.js';
import { childrenOf, formerChildrenOf } from './listings.js';
import { mapRows } from './map-rows.js';
import { streamAbout } from './stream-about.js';

/** What is in what: attach, detach, list. */
@Controller('dids')
export class DidContentController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post(':scope/:name/dids')
  async attach(
    @Param() parent: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const request = parseAttach(parent, body);
    await this.db.tx((tx) => attachContent(tx, [request], { caller, ...this.terms() }));
    return 'Created';
  }

  @Post('attachments')
  async attachMany(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const { attachments, ignoreDuplicate } = parseAttachments(body);
    const terms = { caller, ignoreDuplicate, ...this.terms() };
    await this.db.tx((tx) => attachContent(tx, attachments, terms));
    return 'Created';
  }

  @Delete(':scope/:name/dids')
  async detach(
    @Param() parent: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const children = parseDetach(body);
    await this.db.tx(async (tx) => {
      await demandScopes(tx, caller, [parent], 'detach from DIDs');
      await detachDids(tx, parent, children);
    });
  }

  @Get(':scope/:name/dids')
  @Produces(NDJSON)
  async list(@Param() name: DidName): Promise<StreamableFile> {
    return await streamAbout(this.db, name, (did) => childrenOf(this.db, did), presentChild);
  }

  @Get(':scope/:name/dids/history')
  @Produces(NDJSON)
  async listHistory(@Param() name: DidName): Promise<StreamableFile> {
    const former = (did: Did) => formerChildrenOf(this.db, did);
    return await streamAbout(this.db, name, former, presentFormerChild);
  }

  @Get(':scope/:name/files')
  @Produces(NDJSON)
  async listFiles(@Param() name: DidName, @Query('long') long: unknown): Promise<StreamableFile> {
    const isLong = long !== undefined;
    const files = (did: Did) => filesOf(this.db, did);
    return await streamAbout(this.db, name, files, (file) => presentFile(file, isLong));
  }

  /** Unknown DIDs are passed over. */
  @Post('bulkfiles')
  @HttpCode(200)
  @Produces(NDJSON)
  async listFilesOfMany(@Body() body: unknown): Promise<StreamableFile> {
    const names = parseBulkFiles(body);
    const dids = await this.db.read((tx) => resolveDids(tx, names));
    const files = filesOfMany(this.db, dids);
    return await streamRows(mapRows(files, ([file, did]) => presentBulkFile(file, did)));
  }

  /** None for an unknown DID, as in Rucio. */
  @Get(':scope/:name/parents')
  @Produces(NDJSON)
  async listParents(@Param() name: DidName): Promise<StreamableFile> {
    const parents = await this.db.read(async (tx) => {
      const [did] = await resolveDids(tx, [name]);
      return did ? await parentsOf(tx, did.id) : [];
    });
    return await streamRows(parents.map(presentParent));
  }

  private terms(): { now: Date; naming: NamingScheme } {
    return { now: this.clock.now(), naming: this.config.dids.naming };
  }
}
