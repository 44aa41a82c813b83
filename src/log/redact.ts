const SECRET_QUERY =
  /([?&](?:authz|access_token|token|password|X-Amz-[A-Za-z-]+|Signature)=)[^&\s"']*/gi;
const BEARER = /(Bearer(?:\s|%20|\+)+)[A-Za-z0-9._~+/=-]+/gi;

/** A text without the signatures and tokens that its URLs may carry. */
export const redactUrl = (text: string): string =>
  text.replace(SECRET_QUERY, '$1[redacted]').replace(BEARER, '$1[redacted]');
