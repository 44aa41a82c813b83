import { type IncomingMessage } from 'node:http';

/** What a token has to allow, in the words of its scope claim (WLCG token profile). */
export type TokenOperation = 'storage.read' | 'storage.create' | 'storage.modify';

/** Whether a token allows an operation on exactly this path. May throw instead of saying false. */
export type VerifyToken = (
  token: string,
  operation: TokenOperation,
  path: string,
) => boolean | Promise<boolean>;

/** The token of a request: the Authorization header, or `?authz=Bearer%20…` of a signed URL. */
export function tokenOf(request: IncomingMessage, url: URL): string | null {
  const text = request.headers.authorization ?? url.searchParams.get('authz') ?? '';
  return /^Bearer (\S+)$/.exec(text)?.[1] ?? null;
}

/** Whether the request may do all these operations; everything may be done without `verify`. */
export async function isAllowed(
  verify: VerifyToken | undefined,
  token: string | null,
  wishes: readonly (readonly [TokenOperation, string])[],
): Promise<boolean> {
  if (verify === undefined || wishes.length === 0) return true;
  if (token === null) return false;
  try {
    for (const [operation, path] of wishes) {
      if (!(await verify(token, operation, path))) return false;
    }
    return true;
  } catch {
    return false;
  }
}
