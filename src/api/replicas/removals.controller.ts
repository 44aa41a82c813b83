import { Body, Controller, Delete, Inject, Post } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { recordAll } from '../../audit/index.js';
import { Database, type Tx } from '../../db/index.js';
import { ResourceTemporaryUnavailable } from '../../errors/index.js';
import { demand, mayDeleteReplicas, maySetTombstones } from '../../policy/index.js';
import { condemnByName, namedCopies, namedCopiesAt } from '../../replicas/index.js';
import { findRse, findRses, type Rse } from '../../rses/index.js';
import { type DidName } from '../../vocabulary/index.js';
import { Caller } from '../wire/index.js';
import { parseNamedReplicas, parseTombstones } from './replicas.request.js';

/** Copies of files: letting them go, by name and on purpose. */
@Controller('replicas')
export class RemovalsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Delete()
  async delete(@Body() body: unknown, @Caller() caller: Principal): Promise<void> {
    const asked = parseNamedReplicas(body);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, asked.rse);
      demand(mayDeleteReplicas(caller), `delete replicas at RSE ${rse.name}`);
      if (!rse.availabilityDelete && !asked.ignoreAvailability) {
        throw new ResourceTemporaryUnavailable(
          `RSE ${rse.name} is temporarily unavailable for deleting`,
          { rse: rse.name },
        );
      }
      const copies = await namedCopies(tx, rse, asked.files);
      await condemnByName(tx, copies, { hide: true });
      await recordGone(
        tx,
        caller,
        'replicas.delete',
        copies.map((copy) => ({ ...copy, rse })),
      );
    });
  }

  @Post('tombstone')
  async setTombstones(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const asked = parseTombstones(body);
    await this.db.tx(async (tx) => {
      demand(maySetTombstones(caller), 'set tombstones');
      const rses = await findRses(
        tx,
        asked.map(({ rse }) => rse),
      );
      const named = asked.flatMap(({ rse: name, ...file }) => {
        const rse = rses.get(name);
        return rse ? [{ ...file, rse }] : [];
      });
      const copies = await namedCopiesAt(tx, named);
      await condemnByName(tx, copies, { hide: false });
      await recordGone(tx, caller, 'replicas.tombstone', named);
    });
    return 'Created';
  }
}

/** One entry for each RSE. */
async function recordGone(
  tx: Tx,
  caller: Principal,
  action: string,
  copies: readonly (DidName & { readonly rse: Rse })[],
): Promise<void> {
  const byRse = new Map<string, string[]>();
  for (const { scope, name, rse } of copies) {
    const known = byRse.get(rse.name);
    if (known) known.push(`${scope}:${name}`);
    else byRse.set(rse.name, [`${scope}:${name}`]);
  }
  const entries = [...byRse].map(([subject, dids]) => ({
    by: caller,
    action,
    subject,
    change: { dids: [...new Set(dids)] },
  }));
  await recordAll(tx, entries);
}
