import { Controller, Get, Inject, Param, Query, type StreamableFile } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Database, type Tx } from '../../db/index.js';
import { findDid } from '../../dids/index.js';
import { RequestNotFound, RSENotFound } from '../../errors/index.js';
import { demand, mayListRequests, mayReadRequest } from '../../policy/index.js';
import {
  lastRequestOf,
  requestHistory,
  requestOf,
  requestPage,
  type RequestFilter,
  type RequestRow,
} from '../../requests/index.js';
import { findRse, listRses } from '../../rses/index.js';
import { type CopyKey, type DidName, type RseId } from '../../vocabulary/index.js';
import { mapRows } from '../dids/map-rows.js';
import { Caller, JSON_TYPE, NDJSON, Produces, streamRows } from '../wire/index.js';
import { presentOneRequest, presentRequest } from './requests.presenter.js';
import { type AskedRequests, type End, parsePage, parseRequests } from './requests.request.js';

type Query = Readonly<Record<string, unknown>>;
type Copy = DidName & { readonly rse: string };

/** Wanted transfers and what became of their attempts. */
@Controller('requests')
export class RequestsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('list')
  @Produces(NDJSON)
  async list(@Query() query: Query, @Caller() caller: Principal): Promise<StreamableFile> {
    demand(mayListRequests(caller), 'list requests');
    const asked = parseRequests(query);
    const filter = await this.db.read((tx) => resolve(tx, asked));
    return await streamRows(mapRows(this.pages(filter), presentRequest));
  }

  @Get('history/list')
  @Produces(NDJSON)
  async history(@Query() query: Query, @Caller() caller: Principal): Promise<StreamableFile> {
    demand(mayListRequests(caller), 'list the history of requests');
    const asked = parseRequests(query);
    const page = parsePage(query);
    const found = await this.db.read(async (tx) =>
      requestHistory(tx, await resolve(tx, asked), page),
    );
    return await streamRows(found.map(presentRequest));
  }

  @Get('history/:scope/:name/:rse')
  @Produces(JSON_TYPE)
  async lastOf(@Param() copy: Copy, @Caller() caller: Principal): Promise<object> {
    demand(mayListRequests(caller), 'see the history of requests');
    return await this.show(copy, lastRequestOf);
  }

  @Get(':scope/:name/:rse')
  @Produces(JSON_TYPE)
  async of(@Param() copy: Copy, @Caller() caller: Principal): Promise<object> {
    demand(mayReadRequest(caller), 'see requests');
    return await this.show(copy, requestOf);
  }

  private async show(
    { scope, name, rse }: Copy,
    find: (tx: Tx, copy: CopyKey) => Promise<RequestRow | undefined>,
  ): Promise<object> {
    const request = await this.db.read(async (tx) => {
      const { id: rseId } = await findRse(tx, rse);
      const { id: didId } = await findDid(tx, { scope, name });
      return await find(tx, { didId, rseId });
    });
    if (request) return presentOneRequest(request);
    throw new RequestNotFound(`No request found for ${scope}:${name} to RSE '${rse}'`, {
      scope,
      name,
      rse,
    });
  }

  private async *pages(filter: RequestFilter): AsyncGenerator<RequestRow> {
    let after = 0n;
    for (;;) {
      const page = await this.db.read((tx) => requestPage(tx, filter, after));
      const last = page.at(-1);
      if (!last) return;
      yield* page;
      after = last.id;
    }
  }
}

const resolve = async (tx: Tx, asked: AskedRequests): Promise<RequestFilter> => ({
  sources: await rsesAt(tx, asked.source),
  destinations: await rsesAt(tx, asked.destination),
  states: asked.states,
});

async function rsesAt(tx: Tx, { kind, name }: End): Promise<RseId[]> {
  if (kind === 'rse') return [(await findRse(tx, name)).id];
  const rses = (await listRses(tx)).filter(({ attributes }) => attributes['site'] === name);
  if (rses.length > 0) return rses.map(({ id }) => id);
  throw new RSENotFound(`No RSE has the attribute site=${name}`, { site: name });
}
