import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { ResourceTemporaryUnavailable } from '../../errors/index.js';
import { LOG, type Log } from '../../log/index.js';
import { StorageRegistry } from '../../protocols/index.js';
import { grantUpload } from '../../replicas/index.js';
import { signStorageUrl } from '../../storage-signatures.js';
import { grantStorage } from '../../storage-tokens.js';
import { withToken } from '../replicas/sign-pfns.js';
import { Caller } from '../wire/index.js';
import { removeLeftover } from './remove-leftover.js';
import { demandSignedFile, findSignedFile, type SignedFile } from './signed-file.js';
import { parseSignUrl, type SignUrlQuestion, type UrlOperation } from './signurl.request.js';

/** A write URL puts a new file and reads it back; it replaces nothing. */
const RIGHTS = { read: 'read', write: 'create', delete: 'delete' } as const;
/** Storages that sign their own way open a URL for one method. */
const METHODS = { read: 'GET', write: 'PUT', delete: 'DELETE' } as const;

/**
 * What the official client asks for, whatever it uploads. It looks at the file with the same URL when
 * it is sent, which may be later than that.
 */
const CLIENTS_LIFETIME = 3600;

/** URLs that open one file at a storage for one operation, without any certificate. */
@Controller('credentials')
export class CredentialsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(StorageRegistry) private readonly storages: StorageRegistry,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Get('signurl')
  @Header('content-type', 'text/plain')
  async sign(
    @Query() query: Record<string, unknown>,
    @Caller() caller: Principal,
  ): Promise<string> {
    const asked = parseSignUrl(query);
    const { db, storages, log } = this;
    const now = this.clock.now();
    const file = await db.read(async (tx) => {
      const found = await findSignedFile(tx, caller, asked);
      demandSignedFile(caller, asked, found);
      return found;
    });
    const lifetimeSeconds = this.lifetime(asked.operation, asked.lifetimeSeconds);
    // Only our own tokens open the storage to us too.
    if (asked.operation === 'read' && file.service === undefined) {
      await removeLeftover({ db, storages, log, now }, caller, file);
    }
    const signed = await this.signFor(file, asked, lifetimeSeconds);
    if (asked.operation === 'write') {
      const expiresAt = new Date(now.getTime() + lifetimeSeconds * 1000);
      await this.noteUpload(caller, file, { expiresAt, now });
    }
    return signed;
  }

  /** Throws ConfigurationError where the storage signs its own way and we have no key. */
  private async signFor(
    { rse, protocol, endpoint, service, serverPath: path }: SignedFile,
    { operation, url }: SignUrlQuestion,
    lifetimeSeconds: number,
  ): Promise<string> {
    const now = this.clock.now();
    if (service !== undefined) {
      const { extendedAttributes } = protocol;
      const method = METHODS[operation];
      const asked = { rse: rse.name, service, extendedAttributes, url, method, lifetimeSeconds };
      return await signStorageUrl(this.config, asked, now);
    }
    const grant = { operation: RIGHTS[operation], endpoint, path, lifetimeSeconds };
    return withToken(url, await grantStorage(this.db, this.config, grant, now));
  }

  /** Throws ResourceTemporaryUnavailable where another account may be writing. */
  private async noteUpload(
    caller: Principal,
    { rse, path, own }: SignedFile,
    times: { readonly expiresAt: Date; readonly now: Date },
  ): Promise<void> {
    const grant = { ...times, accountId: caller.accountId, takesOver: own || caller.isAdmin };
    if (await this.db.tx((tx) => grantUpload(tx, { rseId: rse.id, path }, grant))) return;
    throw new ResourceTemporaryUnavailable(`Another account is uploading to ${rse.name}${path}`);
  }

  /** In seconds. A URL for writing lives as long as the upload may take. */
  private lifetime(operation: UrlOperation, asked: number | undefined): number {
    const { storageLifetimeSeconds, uploadLifetimeSeconds } = this.config.tokens;
    if (operation === 'write') {
      const unlimited = asked === undefined || asked === CLIENTS_LIFETIME;
      return unlimited ? uploadLifetimeSeconds : Math.min(asked, uploadLifetimeSeconds);
    }
    return Math.min(
      asked ?? storageLifetimeSeconds,
      Math.max(uploadLifetimeSeconds, storageLifetimeSeconds),
    );
  }
}
