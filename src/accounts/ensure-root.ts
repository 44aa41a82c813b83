import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, type Tx } from '../db/index.js';
import { AccountType, IdentityType } from '../vocabulary/index.js';
import { findAccount, insertAccount } from './account.sql.js';
import { ensureIdentity, findPassword, listIdentities, mapIdentity } from './identity.sql.js';
import { type PasswordLimits, passwordsOf } from './passwords.js';
import { ROOT } from './principal.js';

/** The settings that root's first identity depends on. */
export interface RootSettings {
  readonly bootstrap: { readonly username: string; readonly password?: string | undefined };
  readonly state: { readonly directory: string };
  readonly accounts: PasswordLimits;
}

/**
 * Makes the account root with its first identity, unless it has one. Without a configured password
 * one is generated into a file (mode 0600) of the state directory. Gives the path of that file where
 * there is one. Idempotent; several processes may start at once.
 */
export async function ensureRoot(
  db: Database,
  settings: RootSettings,
): Promise<string | undefined> {
  const { username, password: configured } = settings.bootstrap;
  const file = join(settings.state.directory, 'root-password');
  const fileInUse = () => (configured === undefined && existsSync(file) ? file : undefined);
  if (await db.tx(rootCanLogIn)) return fileInUse();
  const generated = configured === undefined ? generate(file) : undefined;
  const password = configured ?? generated?.password ?? '';
  const passwords = passwordsOf(settings.accounts);
  const passwordHash = await passwords.hash(password);
  const kept = await db.tx((tx) => addFirstIdentity(tx, username, passwordHash));
  // Another machine was first: the password that we have just written down opens nothing.
  if (generated?.isNew && !(await passwords.match(password, kept))) rmSync(file, { force: true });
  return fileInUse();
}

/** Makes root if it is missing; says whether it has a user name and password. */
async function rootCanLogIn(tx: Tx): Promise<boolean> {
  await insertAccount(tx, { name: ROOT, type: AccountType.SERVICE, email: null });
  const root = await findAccount(tx, ROOT);
  const identities = await listIdentities(tx, root.id);
  return identities.some(({ type }) => type === IdentityType.USERPASS);
}

/** Gives root its first identity, unless a rival did; gives the hash that opens it now. */
async function addFirstIdentity(
  tx: Tx,
  identity: string,
  passwordHash: string,
): Promise<string | null | undefined> {
  const root = await findAccount(tx, ROOT);
  const type = IdentityType.USERPASS;
  const id = await ensureIdentity(tx, { type, identity, email: null, passwordHash });
  await mapIdentity(tx, root.id, id, true);
  return (await findPassword(tx, identity))?.hash;
}

/** A password written down whole: a new one, or the one that another process or start left. */
function generate(file: string): { readonly password: string; readonly isNew: boolean } {
  const password = randomBytes(18).toString('base64url');
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${password}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return { password, isNew: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { password: readFileSync(file, 'utf8').trim(), isNew: false };
  } finally {
    rmSync(draft, { force: true });
  }
}
