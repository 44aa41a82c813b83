import { type Database } from '../../src/db/index.js';
import { addProtocol, addRse, findRse, type Rse, setRseAttribute } from '../../src/rses/index.js';

const PRIORITIES = { read: 1, write: 1, delete: 1 };

export interface ShelfOptions {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly deterministic?: boolean;
  /** Default memory, at a host named like the RSE in small letters, below /data/. */
  readonly scheme?: string;
  readonly type?: 'D' | 'T';
}

/** A storage element with one protocol for everything. */
export async function shelf(db: Database, name: string, options: ShelfOptions = {}): Promise<Rse> {
  const { attributes = {}, deterministic = true, scheme = 'memory', type = 'D' } = options;
  return await db.tx(async (tx) => {
    const rse = await addRse(tx, name, { deterministic, type });
    await addProtocol(tx, rse, {
      scheme,
      hostname: `${name.toLowerCase()}.example`,
      port: 443,
      prefix: '/data/',
      impl: 'rucio.rse.protocols.webdav.NoRename',
      domains: { lan: PRIORITIES, wan: PRIORITIES },
      extendedAttributes: null,
    });
    for (const [key, value] of Object.entries(attributes)) {
      await setRseAttribute(tx, rse, key, value);
    }
    return await findRse(tx, name);
  });
}
