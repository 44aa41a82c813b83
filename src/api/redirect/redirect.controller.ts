import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { ReplicaNotFound } from '../../errors/index.js';
import { listRows } from '../replicas/list-rows.js';
import { parseListingQuery } from '../replicas/listing.request.js';
import { parseText, Public } from '../wire/index.js';

/** Sends whoever asks for a file to its best copy. Nobody has logged in: no URL is signed. */
@Public()
@Controller('redirect')
export class RedirectController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get(':scope/:name')
  async toBest(
    @Param('scope') scope: string,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const context = { db: this.db, config: this.config, now: this.clock.now(), sign: false };
    const listing = {
      ...parseListingQuery({ scope, name }, { schemes: 'https', ...query }),
      site: parseText(query['site'], 'site'),
      ignoreAvailability: false,
    };
    const rse = parseText(query['rse'], 'rse');
    for await (const row of listRows(context, listing)) {
      const found = row.pfns.find(({ place }) => rse === undefined || place.rse.name === rse);
      if (found) return void (await reply.redirect(found.pfn, 303));
    }
    throw new ReplicaNotFound(`no redirection possible - file not found: ${scope}:${name}`, {
      scope,
      name,
    });
  }
}
