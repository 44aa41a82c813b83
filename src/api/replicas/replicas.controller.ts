import { Body, Controller, Inject, Post, Put } from '@nestjs/common';
import { type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database, type Tx } from '../../db/index.js';
import { demand, mayDeclareBad, mayUpdateReplicas } from '../../policy/index.js';
import { StorageRegistry } from '../../protocols/index.js';
import {
  assertUnavailable,
  declareBad,
  givenPath,
  namedCopies,
  type NamedCopy,
  registerFiles,
  restCopies,
  uploadFacts,
} from '../../replicas/index.js';
import { findRse, protocolsOf, type Rse } from '../../rses/index.js';
import { retryAtOnce } from '../../locks/index.js';
import { reopenCopies, stickCopies } from '../../rules/index.js';
import { offerFiles } from '../../subscriptions/index.js';
import { Cause, type DidName, ReplicaState } from '../../vocabulary/index.js';
import { Caller } from '../wire/index.js';
import { confirmUploads } from './confirm-uploads.js';
import {
  endedUploads,
  wantsVerification,
  lookAtUploads,
  NOTHING_SEEN,
  registeredUploads,
  type SeenUploads,
} from './look-at-uploads.js';
import {
  type ChangedReplica,
  type NewReplica,
  type NewReplicas,
  parseChangedReplicas,
  parseNewReplicas,
} from './replicas.request.js';
import { demandNames, demandWritable, demandWriter } from './write-facts.js';

const DAY_MS = 86_400_000;

/** Copies of files: registering them, saying what became of them. */
@Controller('replicas')
export class ReplicasController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(StorageRegistry) private readonly storages: StorageRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Uploads that are registered afterwards end here: what they say they have written is looked at. */
  @Post()
  async register(@Body() body: unknown, @Caller() caller: Principal): Promise<string> {
    const asked = parseNewReplicas(body, this.config.dids.naming);
    const seen = await this.lookAtNew(asked, caller);
    await this.db.tx(async (tx) => {
      const { rse, files } = await this.demandRegistration(tx, asked, caller);
      const now = this.clock.now();
      const registered = await registerFiles(tx, {
        accountId: caller.accountId,
        rse,
        files: await offerFiles(tx, files),
        now,
      });
      const resting = asked.files.filter(
        (file, at) => registered[at]?.fresh && file.state === ReplicaState.TEMPORARY_UNAVAILABLE,
      );
      if (resting.length > 0) await this.rest(tx, caller, await namedCopies(tx, rse, resting));
      if (seen.paths.length === 0) return;
      const fresh = asked.files.filter((file, at) => registered[at]?.fresh && isWritten(file));
      await this.confirm(tx, rse, await namedCopies(tx, rse, fresh), seen);
    });
    return 'Created';
  }

  /**
   * Uploads end here. What a client says it has written is looked at first, where the RSE wants it:
   * the network is not waited for inside a transaction.
   */
  @Put()
  async changeStates(@Body() body: unknown, @Caller() caller: Principal): Promise<void> {
    const asked = parseChangedReplicas(body);
    const inState = (...states: ReplicaState[]) =>
      asked.files.filter(({ state }) => states.includes(state));
    if (inState(ReplicaState.BAD).length > 0) {
      demand(mayDeclareBad(caller), `declare replicas bad at RSE ${asked.rse}`);
    }
    const written = inState(ReplicaState.AVAILABLE);
    const seen = await this.lookAt(asked.rse, caller, written);
    await this.db.tx(async (tx) => {
      const rse = await findRse(tx, asked.rse);
      await demandWriter(tx, caller, rse, mayUpdateReplicas);
      const copies = await namedCopies(tx, rse, asked.files);
      const stateOf = statesByName(asked.files);
      const named = (state: ReplicaState) => copies.filter((copy) => stateOf(copy) === state);
      await this.confirm(tx, rse, named(ReplicaState.AVAILABLE), seen);
      await this.refuse(tx, caller, named(ReplicaState.UNAVAILABLE));
      await this.rest(tx, caller, named(ReplicaState.TEMPORARY_UNAVAILABLE));
      await this.condemn(tx, caller, named(ReplicaState.BAD));
    });
  }

  private async demandRegistration(tx: Tx, asked: NewReplicas, caller: Principal) {
    const rse = await findRse(tx, asked.rse);
    await demandWriter(tx, caller, rse);
    demandWritable(rse, caller, asked.ignoreAvailability);
    await demandNames(tx, caller, asked.files);
    return { rse, files: await withPaths(tx, rse, asked.files) };
  }

  private async lookAtNew(asked: NewReplicas, caller: Principal): Promise<SeenUploads> {
    if (!asked.files.some(isWritten)) return NOTHING_SEEN;
    const { db, storages } = this;
    return await lookAtUploads({ db, storages, now: this.clock.now() }, async (tx) => {
      // Most registrations end here: nothing more is asked twice.
      if (!wantsVerification(await findRse(tx, asked.rse))) return undefined;
      const { rse, files } = await this.demandRegistration(tx, asked, caller);
      const written = files.filter(
        (file) => isWritten(file) && (rse.deterministic || file.path !== null),
      );
      return await registeredUploads(tx, rse, written);
    });
  }

  private async lookAt(
    rseName: string,
    caller: Principal,
    written: readonly ChangedReplica[],
  ): Promise<SeenUploads> {
    if (written.length === 0) return NOTHING_SEEN;
    const { db, storages } = this;
    return await lookAtUploads({ db, storages, now: this.clock.now() }, async (tx) => {
      const rse = await findRse(tx, rseName);
      await demandWriter(tx, caller, rse, mayUpdateReplicas);
      return await endedUploads(tx, rse, (tx) => uploadFacts(tx, rse, written));
    });
  }

  private async confirm(
    tx: Tx,
    rse: Rse,
    copies: readonly NamedCopy[],
    seen: SeenUploads,
  ): Promise<void> {
    await confirmUploads(tx, rse, copies, { seen, now: this.clock.now() });
  }

  private async refuse(tx: Tx, caller: Principal, copies: readonly NamedCopy[]): Promise<void> {
    const changed = await assertUnavailable(tx, copies, ReplicaState.UNAVAILABLE);
    const error = `declared UNAVAILABLE by account ${caller.account}`;
    // The repairer may look at these at once: nothing is known that waiting would mend.
    const terms = retryAtOnce(this.clock.now());
    await reopenCopies(tx, changed, terms.now);
    await stickCopies(
      tx,
      changed.map((copy) => ({ ...copy, cause: Cause.DEST_MISSING, error })),
      terms,
    );
  }

  /** Who does not say until when means as long as anybody may. */
  private async rest(tx: Tx, caller: Principal, copies: readonly NamedCopy[]): Promise<void> {
    if (copies.length === 0) return;
    const now = this.clock.now();
    await assertUnavailable(tx, copies, ReplicaState.TEMPORARY_UNAVAILABLE);
    await restCopies(tx, copies, {
      reason: `declared TEMPORARY_UNAVAILABLE by account ${caller.account}`,
      accountId: caller.accountId,
      expiresAt: new Date(now.getTime() + this.config.replicas.restDaysMax * DAY_MS),
      now,
    });
  }

  private async condemn(tx: Tx, caller: Principal, copies: readonly NamedCopy[]): Promise<void> {
    if (copies.length === 0) return;
    const reason = `declared BAD by account ${caller.account}`;
    const now = this.clock.now();
    const { bad } = await declareBad(tx, copies, { reason, accountId: caller.accountId, now });
    await reopenCopies(tx, bad, now);
  }
}

const nameOf = ({ scope, name }: DidName): string => `${scope}:${name}`;

const statesByName = (files: readonly ChangedReplica[]) => {
  const states = new Map(files.map((file) => [nameOf(file), file.state]));
  return (copy: DidName): ReplicaState | undefined => states.get(nameOf(copy));
};

const isWritten = ({ state }: NewReplica): boolean => state === ReplicaState.AVAILABLE;

/** The files with their paths, where PFNs tell them. Throws InvalidPath for a PFN that is not right. */
async function withPaths(tx: Tx, rse: Rse, files: readonly NewReplica[]) {
  const named = files.some(({ pfn }) => pfn !== null);
  const protocols = named ? ((await protocolsOf(tx, [rse.id])).get(rse.id) ?? []) : [];
  return files.map((file) => ({
    ...file,
    path: file.pfn === null ? null : (givenPath(rse, protocols, file, file.pfn) ?? null),
  }));
}
