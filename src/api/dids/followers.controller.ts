import {
  Body,
  Controller,
  Delete,
  Get,
  Inject,
  Param,
  Post,
  type StreamableFile,
} from '@nestjs/common';
import { Type } from 'typebox';
import { type Account, findAccount, type Principal } from '../../accounts/index.js';
import { Database, type Tx } from '../../db/index.js';
import { findDid, followDid, followersOf, unfollowDid } from '../../dids/index.js';
import { demand, mayFollowAs } from '../../policy/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { Caller, NDJSON, parseParameters, Produces, streamRows } from '../wire/index.js';

const Follower = Type.Object({ account: Type.String({ maxLength: Limits.accountLength }) });

/** Who wants to hear of a DID. */
@Controller('dids/:scope/:name/follow')
export class DidFollowersController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(NDJSON)
  async list(@Param() name: DidName): Promise<StreamableFile> {
    const followers = await this.db.read(async (tx) =>
      followersOf(tx, (await findDid(tx, name)).id),
    );
    return await streamRows(followers.map((user) => ({ user })));
  }

  @Post()
  async follow(
    @Param() name: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    await this.db.tx(async (tx) => {
      const account = await accountOf(tx, caller, body);
      await followDid(tx, (await findDid(tx, name)).id, account.id);
    });
    return 'Created';
  }

  @Delete()
  async unfollow(
    @Param() name: DidName,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    await this.db.tx(async (tx) => {
      const account = await accountOf(tx, caller, body);
      await unfollowDid(tx, (await findDid(tx, name)).id, account.id);
    });
  }
}

/** The account that a body names, if the caller may speak for it. */
async function accountOf(tx: Tx, caller: Principal, body: unknown): Promise<Account> {
  const { account: name } = parseParameters(Follower, body, 'a follower');
  const account = await findAccount(tx, name);
  demand(mayFollowAs(caller, account.id), `follow DIDs as account ${name}`);
  return account;
}
