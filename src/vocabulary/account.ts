import { codecOf } from './codec.js';

/** What kind of holder an account is. */
export const AccountType = { USER: 'U', GROUP: 'G', SERVICE: 'S' } as const;
export type AccountType = (typeof AccountType)[keyof typeof AccountType];
export const AccountTypeCodec = codecOf(AccountType);

/** Whether an account may act. */
export const AccountStatus = { ACTIVE: 'A', SUSPENDED: 'S', DELETED: 'D' } as const;
export type AccountStatus = (typeof AccountStatus)[keyof typeof AccountStatus];
export const AccountStatusCodec = codecOf(AccountStatus);

/** How an identity proves itself. */
export const IdentityType = {
  X509: 'X',
  GSS: 'G',
  USERPASS: 'U',
  SSH: 'H',
  SAML: 'M',
  OIDC: 'O',
} as const;
export type IdentityType = (typeof IdentityType)[keyof typeof IdentityType];
export const IdentityTypeCodec = codecOf(IdentityType);
