import { Body, Controller, Inject, Post } from '@nestjs/common';
import {
  importAccounts,
  type ImportedAccount,
  type Passwords,
  passwordsOf,
  type Principal,
} from '../../accounts/index.js';
import { record } from '../../audit/index.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { demand, mayImport } from '../../policy/index.js';
import { importDistances, importRses } from '../../rses/index.js';
import { Caller } from '../wire/index.js';
import { parseImportedAccounts, type RequestedAccount } from './accounts.request.js';
import { parseImport } from './import.request.js';

/** Storage elements, distances and accounts from one document: added and changed, never removed. */
@Controller('import')
export class ImportController {
  private readonly passwords: Passwords;

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) config: Config,
  ) {
    this.passwords = passwordsOf(config.accounts);
  }

  /** Passwords are hashed before the transaction, which waits for none. */
  @Post()
  async import(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    demand(mayImport(caller), 'import storage elements and accounts');
    const { rses, distances, accounts: given } = parseImport(body);
    const accounts = await this.hash(parseImportedAccounts(given));
    await this.db.tx(async (tx) => {
      await importRses(tx, rses);
      await importDistances(tx, distances);
      await importAccounts(tx, accounts);
      await record(tx, {
        by: caller,
        action: 'import',
        subject: 'catalogue',
        change: {
          rses: rses.map(({ name }) => name),
          distances: distances.length,
          accounts: accounts.map(({ name }) => name),
        },
      });
    });
    return 'Created';
  }

  /** One after the other: the line before the password workers is for people who log in. */
  private async hash(accounts: readonly RequestedAccount[]): Promise<ImportedAccount[]> {
    const hashed: ImportedAccount[] = [];
    for (const { identities, ...account } of accounts) {
      const kept: ImportedAccount['identities'][number][] = [];
      for (const { password, ...identity } of identities) {
        const passwordHash = password === undefined ? null : await this.passwords.hash(password);
        kept.push({ ...identity, passwordHash });
      }
      hashed.push({ ...account, identities: kept });
    }
    return hashed;
  }
}
