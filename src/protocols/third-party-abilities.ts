import { type ProtocolEndpoint, type ThirdPartyAbilities } from './protocol.js';

const SCHEMES: readonly string[] = ['https', 'davs'];
const BOTH: ThirdPartyAbilities = { pull: true, push: true };
const NEITHER: ThirdPartyAbilities = { pull: false, push: false };

/**
 * What a storage does by itself in a third-party copy, as its protocol's
 * `extended_attributes.third_party_copy` says: true (it pulls and pushes), "pull", "push", or false
 * (neither; another storage may still fetch from it or send to it). Nothing said is true over https
 * and davs, so that the priorities `third_party_copy_read` and `third_party_copy_write` are all that
 * an administrator has to set, as with Rucio: they say whether the storage takes part at all, and a
 * storage that turns out not to support it is given its bytes in another way. Never over other
 * schemes: the tokens of both ends pass through it.
 */
export function thirdPartyAbilities({
  scheme,
  extendedAttributes,
}: Pick<ProtocolEndpoint, 'scheme' | 'extendedAttributes'>): ThirdPartyAbilities {
  const said = extendedAttributes['third_party_copy'];
  if (!SCHEMES.includes(scheme) || said === false || said === 'false') return NEITHER;
  if (said === 'pull' || said === 'push') return { ...NEITHER, [said]: true };
  return BOTH;
}
