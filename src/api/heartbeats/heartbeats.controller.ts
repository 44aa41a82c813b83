import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Type } from 'typebox';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { forgetSilent, listHeartbeats, recordHeartbeats } from '../../daemons/runtime/index.js';
import { Database } from '../../db/index.js';
import { demand, mayReadHeartbeats, maySendHeartbeats } from '../../policy/index.js';
import { Caller, JSON_TYPE, parseParameters, Produces } from '../wire/index.js';

const HeartbeatBody = Type.Object({
  executable: Type.String({ minLength: 1, maxLength: 512 }),
  hostname: Type.String({ minLength: 1, maxLength: 128 }),
  pid: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  /** Seconds: beats of this executable that are older are forgotten. */
  older_than: Type.Optional(
    Type.Union([Type.Number({ minimum: 0, maximum: 3_155_760_000 }), Type.Null()]),
  ),
  payload: Type.Optional(Type.Union([Type.String({ maxLength: 3000 }), Type.Null()])),
});

/** The daemons at work. */
@Controller('heartbeats')
export class HeartbeatsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Caller() caller: Principal): Promise<object[]> {
    demand(mayReadHeartbeats(caller), 'see the heartbeats');
    const beats = await this.db.read(listHeartbeats);
    return beats.map((beat) => ({
      readable: beat.executable,
      hostname: beat.hostname,
      pid: beat.pid,
      thread_name: beat.threadName,
      updated_at: beat.updatedAt,
      created_at: beat.createdAt,
      payload: beat.payload,
    }));
  }

  /** For daemons that are not ours and want to be seen beside them. */
  @Post()
  @HttpCode(200)
  async beat(@Body() body: unknown, @Caller() caller: Principal): Promise<void> {
    demand(maySendHeartbeats(caller), 'send heartbeats');
    const given = parseParameters(HeartbeatBody, body, 'a heartbeat');
    const { executable, hostname, pid, payload = null, older_than: olderThan } = given;
    const now = this.clock.now();
    await this.db.tx(async (tx) => {
      const beat = { executable, hostname, pid, threadName: 'main', payload };
      await recordHeartbeats(tx, [beat], now);
      if (typeof olderThan !== 'number') return;
      await forgetSilent(tx, new Date(now.getTime() - olderThan * 1000), executable);
    });
  }
}
