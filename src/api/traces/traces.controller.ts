import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { Database, ring } from '../../db/index.js';
import { Clock } from '../../clock.js';
import { LOG, type Log } from '../../log/index.js';
import { appendAccesses, appendTraces, askVerifications } from '../../replicas/index.js';
import { Channel } from '../../vocabulary/index.js';
import { Public } from '../wire/index.js';
import { parseTraces } from './traces.request.js';
import { readTraces } from './trace-reading.js';
import { TraceMeter } from './trace-meter.js';

/** Traces an address may leave in a minute. */
const PER_MINUTE = 10_000;
/** Copies that an address may have looked at in a minute. */
const DOUBTS_PER_MINUTE = 100;

/**
 * What clients say they have uploaded, downloaded and touched. Nobody has to log in for it, so it is
 * kept, within bounds, and believed by nobody: a daemon dates what was read, another one looks at
 * what was read in vain, no more. The answer is always the same: a client that is refused
 * would only try again.
 */
@Public()
@Controller()
export class TracesController {
  private readonly meter = new TraceMeter(PER_MINUTE);
  private readonly doubts = new TraceMeter(DOUBTS_PER_MINUTE);

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post(['traces', 'nongrid_traces'])
  @HttpCode(201)
  async add(@Body() body: unknown, @Req() request: FastifyRequest): Promise<string> {
    const given = parseTraces(body);
    const traces = given.slice(0, this.meter.take(request.ip, Date.now(), given.length));
    const { read, failed } = readTraces(traces);
    const doubted = failed.slice(0, this.doubts.take(request.ip, Date.now(), failed.length));
    const now = this.clock.now();
    try {
      if (traces.length > 0) {
        await this.db.tx(async (tx) => {
          await appendTraces(tx, traces, request.ip);
          if (read.length > 0) await appendAccesses(tx, read, now);
          const asked = doubted.length > 0 ? await askVerifications(tx, doubted, now) : 0;
          if (asked > 0) await ring(tx, Channel.VERIFICATION);
        });
      }
    } catch (error) {
      this.log.warn({ err: error }, 'traces are lost');
    }
    return 'Created';
  }
}
