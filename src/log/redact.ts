// A signed URL may stand in the query of another URL: then its signs are encoded.
const SECRET_QUERY =
  /((?:[?&]|%3F|%26)(?:authz|access_token|token|password|X-Amz-[A-Za-z-]+|Signature|temp_url_sig)(?:=|%3D))(?:(?!%26)[^&\s"'])*/gi;
const BEARER = /(Bearer(?:\s|%20|%2520|\+)+)[A-Za-z0-9._~+/=-]+/gi;
const URL_PASSWORD = /(\/\/[^:/?#@\s]*:)[^@/\s]+@/g;

/** A text without the signatures, tokens and passwords that its URLs may carry. */
export const redactUrl = (text: string): string =>
  text
    .replace(SECRET_QUERY, '$1[redacted]')
    .replace(BEARER, '$1[redacted]')
    .replace(URL_PASSWORD, '$1[redacted]@');
