import { Cause } from '../vocabulary/index.js';

/** The two ends of a failed movement, by name. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** Which of the remedies of `group-remedies.ts` may mend it. */
export type RemedyName =
  | 'try again'
  | 'go elsewhere'
  | 'open for writing'
  | 'open sources'
  | 'any source'
  | 'declare bad'
  | 'give up the files'
  | 'allow reading';

/** One cause in plain sentences. */
export interface CauseWords {
  /** What is the matter, in a few words, at which end. */
  readonly says: (ends: Ends) => string;
  /** What Sluice does about it by itself. */
  readonly does: string;
  /** What a person could do outside of Sluice, or that no request of ours does. */
  readonly can: string;
  readonly remedies: readonly RemedyName[];
}

const RETRY: readonly RemedyName[] = ['try again', 'go elsewhere'];
const AGAIN = 'tries again, and moves to another RSE of the expression when it failed often enough';
const NEXT_SOURCE =
  'takes another source where there is one, and looks again for one where there is none';
const REGISTER = 'register or upload a good copy at another RSE';

/** The only place where a cause is put into words: what it means, what Sluice does, what a person can do. */
export const CAUSE_WORDS: Readonly<Record<Cause, CauseWords>> = {
  [Cause.NO_SOURCE]: {
    says: () => 'no copy that can be read',
    does: 'looks for a copy again, at once when one is registered or comes back',
    can: REGISTER,
    remedies: ['any source', 'open sources', 'try again'],
  },
  [Cause.FILE_LOST]: {
    says: () => 'lost: every copy is bad or gone',
    does: 'keeps the last bytes where they are, and goes on by itself when a good copy is registered',
    can: `${REGISTER}, or give the files up`,
    remedies: ['give up the files'],
  },
  [Cause.SOURCE_MISSING]: {
    says: ({ source }) => `not at ${source}, though the catalogue says so`,
    does: NEXT_SOURCE,
    can: `look at the storage; ${REGISTER}`,
    remedies: ['declare bad', 'try again'],
  },
  [Cause.SOURCE_CHECKSUM]: {
    says: ({ source }) => `checksum mismatch at ${source}`,
    does: NEXT_SOURCE,
    can: REGISTER,
    remedies: ['declare bad', 'try again'],
  },
  [Cause.SOURCE_SIZE]: {
    says: ({ source }) => `wrong size at ${source}`,
    does: NEXT_SOURCE,
    can: REGISTER,
    remedies: ['declare bad', 'try again'],
  },
  [Cause.SOURCE_REFUSED]: {
    says: ({ source }) => `${source} refuses to be read`,
    does: AGAIN,
    can: 'look at the permissions of the storage that is read',
    remedies: ['try again'],
  },
  [Cause.SOURCE_LIMIT]: {
    says: ({ source }) => `as many transfers read from ${source} as may`,
    does: 'begins as soon as one of them is over',
    can: 'allow more transfers at once',
    remedies: ['allow reading'],
  },
  [Cause.DEST_CHECKSUM]: {
    says: ({ destination }) => `checksum mismatch on arrival at ${destination}`,
    does: AGAIN,
    can: 'look at the storage and the line to it',
    remedies: RETRY,
  },
  [Cause.DEST_SIZE]: {
    says: ({ destination }) => `wrong size on arrival at ${destination}`,
    does: AGAIN,
    can: 'look at the storage and the line to it',
    remedies: RETRY,
  },
  [Cause.DEST_EXISTS]: {
    says: ({ destination }) => `another file has the name at ${destination}`,
    does: 'tries again, and never overwrites what it did not write',
    can: 'remove the file that is in the way, or register it if it is the right one',
    remedies: RETRY,
  },
  [Cause.DEST_FULL]: {
    says: ({ destination }) => `no space left at ${destination}`,
    does: AGAIN,
    can: 'make room at the storage',
    remedies: RETRY,
  },
  [Cause.DEST_REFUSED]: {
    says: ({ destination }) => `${destination} refuses to be written`,
    does: AGAIN,
    can: 'look at the permissions of the storage that is written',
    remedies: RETRY,
  },
  [Cause.DEST_MISSING]: {
    says: ({ destination }) => `gone from ${destination} after it had been written`,
    does: AGAIN,
    can: 'look at the storage: something removes files there',
    remedies: RETRY,
  },
  [Cause.NOT_WRITABLE]: {
    says: ({ destination }) => `${destination} takes no writes`,
    does: 'waits until it can be written, or moves to another RSE of the expression',
    can: 'open the RSE for writing',
    remedies: ['open for writing', 'go elsewhere'],
  },
  [Cause.NO_PROTOCOL]: {
    says: ({ destination }) => `no protocol in common between a source and ${destination}`,
    does: AGAIN,
    can: 'define a protocol for writing there and reading here that one tool can move by',
    remedies: RETRY,
  },
  [Cause.AUTH]: {
    says: ({ source, destination }) => `refused credentials between ${source} and ${destination}`,
    does: AGAIN,
    can: 'look at tokens and trust: the storage has to know our issuer',
    remedies: RETRY,
  },
  [Cause.TLS]: {
    says: ({ source, destination }) =>
      `a certificate is not trusted between ${source} and ${destination}`,
    does: AGAIN,
    can: "renew the certificate, or name its authority in the protocol's extended attribute `ca`",
    remedies: RETRY,
  },
  [Cause.REDIRECT_REFUSED]: {
    says: ({ source, destination }) =>
      `a redirect to a foreign host between ${source} and ${destination}`,
    does: AGAIN,
    can: "add the host to `redirect_hosts` of the protocol's extended attributes",
    remedies: ['try again'],
  },
  [Cause.ADDRESS_REFUSED]: {
    says: ({ source, destination }) => `a private address between ${source} and ${destination}`,
    does: AGAIN,
    can: 'allow private addresses by the setting storage.allowPrivate, or correct the host name',
    remedies: ['try again'],
  },
  [Cause.PATH_REFUSED]: {
    says: ({ destination }) => `a path that ${destination} must not have`,
    does: AGAIN,
    can: "correct the path of the copy or the RSE's naming",
    remedies: ['go elsewhere'],
  },
  [Cause.CONNECTION]: {
    says: ({ source, destination }) => `connection broken between ${source} and ${destination}`,
    does: AGAIN,
    can: 'see whether the storages are up',
    remedies: RETRY,
  },
  [Cause.TIMEOUT]: {
    says: ({ source, destination }) => `no answer in time between ${source} and ${destination}`,
    does: AGAIN,
    can: 'see whether the storages are up',
    remedies: RETRY,
  },
  [Cause.STALLED]: {
    says: ({ source, destination }) => `no byte for too long between ${source} and ${destination}`,
    does: AGAIN,
    can: 'see whether the storages and the line are overloaded',
    remedies: RETRY,
  },
  [Cause.CANCELLED]: {
    says: () => 'taken out of the queue by somebody',
    does: 'tries again when the rule is not suspended',
    can: 'have them tried again, or resume the rule if it is suspended',
    remedies: ['try again'],
  },
  [Cause.LOST_WORKER]: {
    says: () => 'the process that moved them is gone',
    does: 'begins again at once',
    can: 'see whether processes of the conveyor are killed',
    remedies: ['try again'],
  },
  [Cause.STORAGE_ERROR]: {
    says: ({ source, destination }) => `a fault of the storage at ${source} or ${destination}`,
    does: AGAIN,
    can: 'look into the logs of the storages',
    remedies: RETRY,
  },
};

const UNKNOWN: CauseWords = {
  says: () => 'a cause that is not known',
  does: AGAIN,
  can: 'look into the log',
  remedies: RETRY,
};

/** The words for a stored cause. One of a version after this has words too, if poor ones. */
export const wordsOf = (cause: string): CauseWords =>
  (CAUSE_WORDS as Readonly<Record<string, CauseWords>>)[cause] ?? UNKNOWN;
