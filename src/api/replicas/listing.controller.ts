import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  type StreamableFile,
} from '@nestjs/common';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { UnsupportedRequestedContentType } from '../../errors/index.js';
import { accepts, METALINK, NDJSON, streamRows } from '../wire/index.js';
import { type Listing, parseListing, parseListingQuery } from './listing.request.js';
import { listLines } from './list-lines.js';
import { listRows } from './list-rows.js';
import { METALINK_SCHEMES } from './metalink.presenter.js';
import { streamMetalink } from './stream-metalink.js';

/** Where files are, as rows of JSON or as a metalink. */
@Controller('replicas')
export class ListingController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post('list')
  @HttpCode(200)
  async list(
    @Body() body: unknown,
    @Query() query: Record<string, unknown>,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return await this.answer(parseListing(body, query), accept);
  }

  @Get(':scope/:name')
  async listOne(
    @Param('scope') scope: string,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    return await this.answer(parseListingQuery({ scope, name }, query), accept);
  }

  private async answer(listing: Listing, accept: string | undefined): Promise<StreamableFile> {
    const context = { db: this.db, config: this.config, now: this.clock.now() };
    if (wantsMetalink(accept)) {
      const rows = listRows(context, { ...listing, schemes: listing.schemes ?? METALINK_SCHEMES });
      return await streamMetalink(rows);
    }
    if (!accepts(accept, NDJSON)) {
      throw new UnsupportedRequestedContentType(`The answer is ${NDJSON} or ${METALINK}`);
    }
    return await streamRows(listLines(context, listing));
  }
}

/** A metalink is sent to who names it; a wildcard gets rows. */
const wantsMetalink = (accept: string | undefined): boolean =>
  accept !== undefined && accept.toLowerCase().includes(METALINK) && accepts(accept, METALINK);
