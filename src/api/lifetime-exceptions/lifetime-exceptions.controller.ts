import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  type StreamableFile,
} from '@nestjs/common';
import { findAccount, type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Clock } from '../../clock.js';
import { Database } from '../../db/index.js';
import { LifetimeExceptionNotFound } from '../../errors/index.js';
import { demand, mayAskException, mayDecideException } from '../../policy/index.js';
import {
  askExceptions,
  decideException,
  type ListedException,
  listExceptions,
} from '../../rules/index.js';
import {
  type DidName,
  type DidType,
  DidTypeCodec,
  LifetimeExceptionStateCodec,
  parseWireId,
  wireId,
} from '../../vocabulary/index.js';
import { Caller, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { parseDecision, parseNewException } from './lifetime-exceptions.request.js';

/** Wishes that DIDs outlive their end of life: ask, look, decide. */
@Controller('lifetime_exceptions')
export class LifetimeExceptionsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** The client asks for one, or for some states, in the query; the reference passes over both. */
  @Get()
  @Produces(NDJSON)
  async list(): Promise<StreamableFile> {
    const found = await this.db.read((tx) => listExceptions(tx, {}));
    return await streamRows(found.map(presentException));
  }

  @Get(':id')
  @Produces(NDJSON)
  async get(@Param('id') id: string): Promise<StreamableFile> {
    const uid = uidOf(id);
    const found = await this.db.read((tx) => listExceptions(tx, { uid }));
    if (found.length === 0) throw unknown(id);
    return await streamRows(found.map(presentException));
  }

  @Post()
  @HttpCode(201)
  @Produces(JSON_TYPE)
  async add(@Body() body: unknown, @Caller() caller: Principal): Promise<object> {
    const { dids, account, ...wish } = parseNewException(body);
    return await this.db.tx(async (tx) => {
      const accountId = account === null ? caller.accountId : (await findAccount(tx, account)).id;
      demand(
        mayAskException(caller, accountId),
        `ask for lifetime exceptions of ${account ?? 'another account'}`,
      );
      const terms = { ...wish, accountId, now: this.clock.now() };
      const { asked, unknown: missing, unaffected } = await askExceptions(tx, dids, terms);
      await record(tx, {
        by: caller,
        action: 'lifetime-exception.ask',
        subject: account ?? caller.account,
        change: { ids: [...asked.keys()].map(wireId), ...wish },
      });
      return {
        exceptions: Object.fromEntries(
          [...asked].map(([uid, affected]) => [wireId(uid), affected.map(presentDid)]),
        ),
        // Nobody knows what they would be; the reference says so.
        unknown: missing.map(({ scope, name }) => ({ scope, name, did_type: 'DATASET' })),
        not_affected: unaffected.map(presentDid),
      };
    });
  }

  @Put(':id')
  @HttpCode(201)
  async decide(
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    const state = parseDecision(body);
    demand(mayDecideException(caller), 'decide on lifetime exceptions');
    const uid = uidOf(id);
    await this.db.tx(async (tx) => {
      if ((await decideException(tx, uid, state, this.clock.now())) === 0) throw unknown(id);
      await record(tx, {
        by: caller,
        action: 'lifetime-exception.decide',
        subject: id,
        change: { state: LifetimeExceptionStateCodec.name(state) },
      });
    });
    return 'Created';
  }
}

function uidOf(id: string): string {
  const uid = parseWireId(id);
  if (uid === undefined) throw unknown(id);
  return uid;
}

const unknown = (id: string) =>
  new LifetimeExceptionNotFound(`There is no lifetime exception with the id '${id}'`, { id });

const presentDid = ({ scope, name, type }: DidName & { readonly type: DidType }) => ({
  scope,
  name,
  did_type: DidTypeCodec.name(type),
});

const presentException = (exception: ListedException) => ({
  id: wireId(exception.uid),
  ...presentDid(exception),
  account: exception.account,
  pattern: exception.pattern,
  comments: exception.comments,
  state: LifetimeExceptionStateCodec.name(exception.state),
  created_at: exception.createdAt,
  expires_at: exception.expiresAt,
});
