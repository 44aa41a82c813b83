import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { ResourceTemporaryUnavailable } from '../errors/index.js';

/** Argon2id (2) as OWASP's password storage advice has it: 19 MiB, two passes, one lane. */
const OPTIONS = {
  algorithm: 2,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;

export interface PasswordLimits {
  /** Hashes computed at once: they share threads with file and name look-ups. */
  readonly passwordWorkers: number;
  /** Hashes that may wait for a turn. */
  readonly passwordQueueMax: number;
}

/** Hashes and checks passwords, a few at a time, behind a waiting line of bounded length. */
export class Passwords {
  private readonly turn;
  private decoy: Promise<string> | undefined;

  constructor(private readonly limits: PasswordLimits) {
    this.turn = pLimit(limits.passwordWorkers);
  }

  /** The hash to keep. Throws ResourceTemporaryUnavailable where the line is full. */
  async hash(password: string): Promise<string> {
    this.demandPlace();
    return await this.turn(() => hash(password, OPTIONS));
  }

  /**
   * Whether the password is the one. No hash is never right, but takes as long as a wrong one, so
   * that time does not tell which names exist. Throws ResourceTemporaryUnavailable.
   */
  async match(password: string, kept: string | null | undefined): Promise<boolean> {
    const found = await this.lookUp(password, () => Promise.resolve({ hash: kept ?? null }));
    return found !== undefined;
  }

  /**
   * What `find` finds if the password is that of its hash, as match says it. It is looked for when
   * its turn has come: hundreds that log in at once would else ask the database all at once, and
   * everybody else would wait behind them for a connection. Throws ResourceTemporaryUnavailable.
   */
  async lookUp<Found extends { readonly hash: string | null }>(
    password: string,
    find: () => Promise<Found | undefined>,
  ): Promise<Found | undefined> {
    this.demandPlace();
    return await this.turn(async () => {
      this.decoy ??= hash(randomBytes(16), OPTIONS);
      const decoy = await this.decoy;
      const found = await find();
      const right = await verify(found?.hash ?? decoy, password);
      return right && typeof found?.hash === 'string' ? found : undefined;
    });
  }

  private demandPlace(): void {
    if (this.turn.pendingCount < this.limits.passwordQueueMax) return;
    throw new ResourceTemporaryUnavailable('Too many logins at once: try again in a moment');
  }
}

const known = new WeakMap<PasswordLimits, Passwords>();

/** The one waiting line of this process for these limits. */
export function passwordsOf(limits: PasswordLimits): Passwords {
  const found = known.get(limits) ?? new Passwords(limits);
  known.set(limits, found);
  return found;
}
