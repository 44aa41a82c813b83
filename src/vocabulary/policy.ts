/**
 * Where the permissions differ from Rucio's generic policy. Each is a switch of the configuration
 * (`policy`), on by default; all of them off is Rucio's generic policy.
 */
export const POLICY_SWITCHES = [
  /** Admins add and delete accounts. Off: root alone. */
  'adminsKeepAccounts',
  /** Limits, and who uses how much of an RSE, are for the account itself and admins. Off: for everybody. */
  'privateLimits',
  /** Accounts with quota at an RSE register copies there and say what became of them. Off: only where its name says so. */
  'quotaRegisters',
  /** Accounts change, delete, move and reduce their own rules. Off: admins alone. */
  'ownersChangeRules',
  /** Accounts order for themselves. Off: admins alone. */
  'ownersSubscribe',
  /** Admins declare copies bad. Off: root alone. */
  'adminsDeclareBad',
  /** Admins delete copies by name. Off: nobody. */
  'adminsDeleteReplicas',
  /** Whoever may read or write a file gets a URL for it. Off: root, and accounts with the attribute `sign-url`. */
  'signedUrlsForAll',
  /** In the scope `mock` everybody describes and closes DIDs. Off: everybody adds, attaches and detaches there, no more. */
  'playgroundForAll',
  /** Everybody sees wanted transfers. Off: admins, but for the request of one DID. */
  'openRequests',
] as const;
export type PolicySwitch = (typeof POLICY_SWITCHES)[number];
export type PolicySwitches = Readonly<Record<PolicySwitch, boolean>>;
