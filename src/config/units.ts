import { Type, type TSchema } from 'typebox';

/** What keys of the configuration hold: a time or a limit carries its unit in its name. */

export const seconds = Type.Integer({ minimum: 0, maximum: 3_155_760_000 });
export const milliseconds = Type.Integer({ minimum: 0, maximum: 86_400_000 });
export const days = Type.Integer({ minimum: 1, maximum: 36_500 });
export const amount = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
export const bytes = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const text = Type.String({ minLength: 1 });
/** A secret is never printed. `<name>File` beside it names a file that holds it instead. */
export const secret = Type.String({ minLength: 1, secret: true });

export function section<P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}
