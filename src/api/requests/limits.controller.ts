import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Put,
  type StreamableFile,
} from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database } from '../../db/index.js';
import { demand, mayChangeTransferLimits } from '../../policy/index.js';
import {
  deleteTransferLimit,
  listTransferLimits,
  upsertTransferLimit,
} from '../../requests/index.js';
import { resolveRses } from '../../rses/index.js';
import { Caller, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentTransferLimit } from './limits.presenter.js';
import { parseLimitKey, parseTransferLimit } from './limits.request.js';

/** How many transfers may go on at once from or to what an expression names. */
@Controller('requests/transfer_limits')
export class TransferLimitsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(NDJSON)
  async list(@Caller() caller: Principal): Promise<StreamableFile> {
    demand(mayChangeTransferLimits(caller), 'see the transfer limits');
    const limits = await this.db.read(listTransferLimits);
    return await streamRows(limits.map(presentTransferLimit));
  }

  /** A key that is null leaves what it says of a limit that is there. */
  @Put()
  @HttpCode(201)
  async set(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    demand(mayChangeTransferLimits(caller), 'set transfer limits');
    const { key, terms } = parseTransferLimit(body);
    await this.db.tx(async (tx) => {
      await resolveRses(tx, key.rseExpression);
      await upsertTransferLimit(tx, key, terms);
      await record(tx, {
        by: caller,
        action: 'transfer_limit.set',
        subject: key.rseExpression,
        change: { ...key, ...terms },
      });
    });
    return 'Created';
  }

  @Delete()
  async delete(@Body() body: unknown, @Caller() caller: Principal): Promise<void> {
    demand(mayChangeTransferLimits(caller), 'delete transfer limits');
    const key = parseLimitKey(body);
    await this.db.tx(async (tx) => {
      if (!(await deleteTransferLimit(tx, key))) return;
      await record(tx, {
        by: caller,
        action: 'transfer_limit.delete',
        subject: key.rseExpression,
        change: { ...key },
      });
    });
  }
}
