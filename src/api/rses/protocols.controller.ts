import { Body, Controller, Delete, Get, Inject, Param, Post, Put } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { RSEProtocolNotSupported } from '../../errors/index.js';
import { demand, mayDefineProtocols, maySeeProtocolSecrets } from '../../policy/index.js';
import {
  addProtocol,
  changeProtocols,
  findRse,
  type ProtocolKey,
  protocolsOf,
  removeProtocols,
  type Rse,
  type RseProtocol,
} from '../../rses/index.js';
import { Caller, JSON_TYPE, Produces } from '../wire/index.js';
import { parseNewProtocol, parseProtocolChange, parseProtocolKey } from './protocols.request.js';
import { presentProtocol, presentRseSettings, withoutSecrets } from './rses.presenter.js';

const KEYS = [':scheme', ':scheme/:hostname', ':scheme/:hostname/:port'];

interface KeyParameters {
  readonly rse: string;
  readonly scheme: string;
  readonly hostname?: string;
  readonly port?: string;
}

/** The ways to reach a storage element. */
@Controller('rses/:rse/protocols')
export class RseProtocolsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async list(@Param('rse') name: string, @Caller() caller: Principal) {
    const { protocols } = await this.db.read((tx) => this.read(tx, name));
    return protocols.map((protocol) => presentProtocol(protocol, maySeeProtocolSecrets(caller)));
  }

  /** The whole RSE whatever the scheme: clients pick from it. */
  @Get(':scheme')
  @Produces(JSON_TYPE)
  async ofScheme(@Param('rse') name: string, @Caller() caller: Principal) {
    const { rse, protocols } = await this.db.read((tx) => this.read(tx, name));
    return presentRseSettings(rse, protocols, maySeeProtocolSecrets(caller));
  }

  @Post(':scheme')
  async add(
    @Param('rse') name: string,
    @Param('scheme') scheme: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<string> {
    demand(mayDefineProtocols(caller), `define protocols of RSE ${name}`);
    const spec = parseNewProtocol(scheme, body);
    await this.db.tx(async (tx) => {
      await addProtocol(tx, await findRse(tx, name), spec);
      await this.note(tx, caller, name, 'add', spec);
    });
    return 'Created';
  }

  @Put(KEYS)
  async update(
    @Param() parameters: KeyParameters,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<void> {
    const { rse: name } = parameters;
    demand(mayDefineProtocols(caller), `define protocols of RSE ${name}`);
    const key = parseKey(parameters);
    const change = parseProtocolChange(body);
    await this.db.tx(async (tx) => {
      await changeProtocols(tx, await findRse(tx, name), key, change);
      await this.note(tx, caller, name, 'update', { key, change });
    });
  }

  @Delete(KEYS)
  async delete(@Param() parameters: KeyParameters, @Caller() caller: Principal): Promise<void> {
    const { rse: name } = parameters;
    demand(mayDefineProtocols(caller), `define protocols of RSE ${name}`);
    const key = parseKey(parameters);
    await this.db.tx(async (tx) => {
      await removeProtocols(tx, await findRse(tx, name), key);
      await this.note(tx, caller, name, 'delete', key);
    });
  }

  /** An RSE that has none is RSEProtocolNotSupported. */
  private async read(tx: Tx, name: string): Promise<{ rse: Rse; protocols: RseProtocol[] }> {
    const rse = await findRse(tx, name);
    const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
    if (protocols.length > 0) return { rse, protocols };
    throw new RSEProtocolNotSupported(`RSE '${name}' has no protocols`, { rse: name });
  }

  private async note(
    tx: Tx,
    caller: Principal,
    subject: string,
    verb: string,
    change: object,
  ): Promise<void> {
    await record(tx, {
      by: caller,
      action: `rse.protocol.${verb}`,
      subject,
      change: withoutSecrets(change) as Record<string, unknown>,
    });
  }
}

const parseKey = ({ scheme, hostname, port }: KeyParameters): ProtocolKey =>
  parseProtocolKey(scheme, hostname, port);
