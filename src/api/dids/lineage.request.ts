import { Type } from 'typebox';
import { type Derivation } from '../../dids/index.js';
import { InvalidObject } from '../../errors/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { parseBody, parseInteger, parseParameters } from '../wire/index.js';
import { NamedDid } from './did-item.request.js';

const Parents = Type.Array(NamedDid, { minItems: 1, maxItems: Limits.linksPerRequest });
const Derived = Type.Object({ parents: Parents });
const DerivedMany = Type.Array(Type.Object({ ...NamedDid.properties, parents: Parents }), {
  minItems: 1,
  maxItems: Limits.bulkItems,
});

/** The body of `POST` and `DELETE dids/{scope}/{name}/derived`. */
export function parseDerived(child: DidName, body: unknown): Derivation {
  const { parents } = parseParameters(Derived, body, 'a derivation');
  return { child, parents };
}

/** The body of `POST dids/derived`. */
export function parseDerivedMany(body: unknown): Derivation[] {
  const given = parseBody(DerivedMany, body, 'derivations');
  const links = given.reduce((sum, { parents }) => sum + parents.length, 0);
  if (links > Limits.linksPerRequest) {
    throw new InvalidObject(
      `Problem validating derivations: at most ${Limits.linksPerRequest} parents in one call`,
      { field: 'parents' },
    );
  }
  return given.map(({ scope, name, parents }) => ({ child: { scope, name }, parents }));
}

/** How many steps a walk goes, from 1; all that are allowed unless told. */
export const parseSteps = (value: unknown): number =>
  parseInteger(value, 'depth', { min: 1, max: Limits.lineageDepth }) ?? Limits.lineageDepth;
