import { type Voice } from './identity.sql.js';

/** Which account a login is for: one, none of them, or any of several. */
export type AccountChoice =
  { readonly chosen: Voice } | { readonly chosen: undefined; readonly among: readonly string[] };

/**
 * The account asked for if the identity speaks for it; asked for none, its only one or its default.
 * `among` names what could be asked for: empty where nothing can.
 */
export function chooseAccount(voices: readonly Voice[], wanted: string | undefined): AccountChoice {
  const chosen =
    wanted !== undefined
      ? voices.find(({ account }) => account === wanted)
      : (voices.find(({ isDefault }) => isDefault) ??
        (voices.length === 1 ? voices[0] : undefined));
  if (chosen) return { chosen };
  return {
    chosen: undefined,
    among: wanted === undefined ? voices.map(({ account }) => account) : [],
  };
}
