import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { Database } from '../../db/index.js';
import { LOG, type Log } from '../../log/index.js';
import { appendTraces } from '../../replicas/index.js';
import { Public } from '../wire/index.js';
import { parseTraces } from './traces.request.js';
import { TraceMeter } from './trace-meter.js';

/**
 * What clients say they have uploaded, downloaded and touched. Nobody has to log in for it, so it is
 * kept, within bounds, and believed by nobody. The answer is always the same: a client that is
 * refused would only try again.
 */
@Public()
@Controller()
export class TracesController {
  private readonly meter = new TraceMeter();

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Post(['traces', 'nongrid_traces'])
  @HttpCode(201)
  async add(@Body() body: unknown, @Req() request: FastifyRequest): Promise<string> {
    const traces = parseTraces(body).slice(0, this.meter.take(request.ip, Date.now()));
    try {
      if (traces.length > 0) await this.db.tx((tx) => appendTraces(tx, traces, request.ip));
    } catch (error) {
      this.log.warn({ err: error }, 'traces are lost');
    }
    return 'Created';
  }
}
