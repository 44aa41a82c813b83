import {
  Controller,
  Get,
  Headers,
  Inject,
  Param,
  Query,
  Res,
  type StreamableFile,
} from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { ReplicaNotFound, UnsupportedRequestedContentType } from '../../errors/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { listRows } from '../replicas/list-rows.js';
import { streamMetalink } from '../replicas/stream-metalink.js';
import { accepts, METALINK, Public } from '../wire/index.js';
import { parseMetalink, parseRedirection } from './redirect.request.js';

/** Sends whoever asks for a file to one of its copies. Nobody has logged in: no URL is signed. */
@Public()
@Controller('redirect')
export class RedirectController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get(':scope/:name/metalink')
  async metalink(
    @Param() did: DidName,
    @Query() query: Record<string, unknown>,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile> {
    if (!accepts(accept, METALINK)) {
      throw new UnsupportedRequestedContentType(`The answer is ${METALINK}`);
    }
    const { listing } = parseMetalink(did, query);
    return await streamMetalink(this.rows(listing), () => {
      throw notFound(did);
    });
  }

  @Get(':scope/:name')
  async toCopy(
    @Param() did: DidName,
    @Query() query: Record<string, unknown>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { listing, rse, query: same } = parseRedirection(did, query);
    const { site } = listing;
    const path = [did.scope, did.name].map(encodeURIComponent).join('/');
    const link = `</redirect/${path}/metalink?${same}>; rel=describedby; type="${METALINK}"`;
    for await (const row of this.rows(listing)) {
      const found = row.pfns.find(
        ({ place }) =>
          (rse === undefined || place.rse.name === rse) &&
          (site === undefined || place.rse.attributes['site'] === site),
      );
      if (!found) continue;
      // davs and s3 are https by another name, which is the one that everything opens.
      const url = found.pfn.replace(/^(davs|s3):/, 'https:');
      return void (await reply.header('link', link).redirect(url, 303));
    }
    throw notFound(did);
  }

  private rows(listing: Parameters<typeof listRows>[1]): ReturnType<typeof listRows> {
    const { db, config } = this;
    return listRows({ db, config, now: this.clock.now(), sign: false }, listing);
  }
}

const notFound = ({ scope, name }: DidName) =>
  new ReplicaNotFound(`no redirection possible - file not found: ${scope}:${name}`, {
    scope,
    name,
  });
