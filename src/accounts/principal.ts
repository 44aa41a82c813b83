import { type AccountId, type AccountType, type PolicySwitches } from '../vocabulary/index.js';

/** Whoever asks, with all that permission depends on. */
export interface Principal {
  readonly accountId: AccountId;
  /** The request in which it asks; where it came through the door. */
  readonly requestId?: string | undefined;
  readonly account: string;
  readonly type: AccountType;
  /** The account `root`. */
  readonly isRoot: boolean;
  /** root, or the attribute admin=true. */
  readonly isAdmin: boolean;
  /** Attributes as stored: booleans are 'true' and 'false'. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The site's differences from Rucio's generic policy; absent is all of them. */
  readonly policy?: PolicySwitches | undefined;
}

/** The name of the account that may do everything. */
export const ROOT = 'root';

export interface PrincipalRow {
  readonly accountId: AccountId;
  readonly account: string;
  readonly type: AccountType;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What an account with these attributes is. */
export function principal(row: PrincipalRow): Principal {
  const isRoot = row.account === ROOT;
  return { ...row, isRoot, isAdmin: isRoot || row.attributes.admin === 'true' };
}
