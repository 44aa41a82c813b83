import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Database, type Tx } from '../../db/index.js';
import { ReplicaNotFound, RSEProtocolNotSupported } from '../../errors/index.js';
import { registeredPaths } from '../../replicas/index.js';
import {
  chooseProtocols,
  DEFAULT_ALGORITHM,
  findRse,
  pathOf,
  pfnOf,
  protocolsOf,
  type Rse,
  type RseProtocol,
} from '../../rses/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { JSON_TYPE, Produces } from '../wire/index.js';
import { type LfnsRequest, parseLfns } from './lfns.request.js';

/** From logical names to physical ones, for clients that cannot compute them. */
@Controller('rses/:rse/lfns2pfns')
export class RseLfnsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @Produces(JSON_TYPE)
  async pfns(
    @Param('rse') name: string,
    @Query() query: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, string>> {
    const asked = parseLfns(query);
    return await this.db.read(async (tx) => {
      const rse = await findRse(tx, name);
      const protocols = (await protocolsOf(tx, [rse.id])).get(rse.id) ?? [];
      const protocol = firstChoice(rse, protocols, asked);
      const paths = await pathsOf(tx, rse, asked.files);
      return Object.fromEntries(paths.map(([lfn, path]) => [lfn, pfnOf(protocol, path)]));
    });
  }
}

function firstChoice(
  rse: Rse,
  protocols: readonly RseProtocol[],
  { domain, operation, schemes }: LfnsRequest,
): RseProtocol {
  const [best] = chooseProtocols(protocols, { domain, operation, schemes });
  if (best) return best;
  throw new RSEProtocolNotSupported(
    `RSE '${rse.name}' has no protocol ${schemes?.join(', ') ?? ''} for ${operation} in domain ${domain}`,
    { rse: rse.name, domain, operation },
  );
}

/** Throws ReplicaNotFound where an RSE that is not deterministic has none of the files. */
async function pathsOf(tx: Tx, rse: Rse, files: readonly DidName[]): Promise<[string, string][]> {
  if (rse.deterministic) {
    const algorithm = rse.attributes.lfn2pfn_algorithm ?? DEFAULT_ALGORITHM;
    return files.map(({ scope, name }) => [`${scope}:${name}`, pathOf(algorithm, scope, name)]);
  }
  const known = await registeredPaths(tx, rse.id, files);
  if (known.length > 0) return known.map(({ scope, name, path }) => [`${scope}:${name}`, path]);
  throw new ReplicaNotFound(`RSE '${rse.name}' has a path for none of these files`, {
    rse: rse.name,
  });
}
