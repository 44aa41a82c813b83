import { Type } from 'typebox';
import { ValueError } from '../../errors/index.js';
import { ScopeStatus, ScopeStatusCodec } from '../../vocabulary/index.js';
import { parseBody } from '../wire/index.js';

const ScopeChange = Type.Object({ status: Type.String() });

/** The status that a scope is to have. Throws ValueError for another than OPEN and CLOSED. */
export function parseScopeStatus(body: unknown): Exclude<ScopeStatus, 'D'> {
  const { status } = parseBody(ScopeChange, body, 'a scope update');
  const letter = ScopeStatusCodec.letter(status);
  if (letter !== undefined && letter !== ScopeStatus.DELETED) return letter;
  throw new ValueError('Field status takes OPEN or CLOSED', { key: 'status' });
}
