import { type RequestRow } from '../../requests/index.js';
import {
  Activities,
  adler32FromInt4,
  DEFAULT_ACTIVITY,
  DidTypeCodec,
  RequestStateCodec,
  RequestTypeCodec,
  wireId,
} from '../../vocabulary/index.js';

const idOrNull = (uid: string | null): string | null => (uid === null ? null : wireId(uid));

/**
 * Why an attempt failed, in one line that begins with the cause: whoever reads it finds what was
 * expected and found in it.
 */
function messageOf({ cause, error, expected, found }: RequestRow): string | null {
  if (cause === null) return error;
  const said = error === null || error === cause ? cause : `${cause}: ${error}`;
  if (expected === null || (said.includes(expected) && said.includes(found ?? ''))) return said;
  return `${said} (expected ${expected}, found ${found})`;
}

/** A request, or an attempt that is over, by Rucio's names; `retry_count` counts from 0. */
export const presentRequest = (request: RequestRow) => ({
  id: wireId(request.uid),
  request_type: RequestTypeCodec.name(request.type),
  scope: request.scope,
  name: request.name,
  did_type: request.didType === null ? null : DidTypeCodec.name(request.didType),
  dest_rse_id: wireId(request.destinationUid),
  dest_rse: request.destination,
  source_rse_id: idOrNull(request.sourceUid),
  source_rse: request.source,
  state: RequestStateCodec.name(request.state),
  activity: Activities[request.activity] ?? DEFAULT_ACTIVITY,
  account: request.account,
  rule_id: idOrNull(request.ruleUid),
  bytes: request.bytes,
  md5: idOrNull(request.md5),
  adler32: request.adler32 === null ? null : adler32FromInt4(request.adler32),
  priority: request.priority,
  retry_count: request.attempt,
  err_msg: messageOf(request),
  attributes: null,
  previous_attempt_id: null,
  transfertool: request.tool,
  external_id: request.externalId,
  external_host: null,
  dest_url: null,
  requested_at: request.createdAt,
  submitted_at: request.submittedAt,
  started_at: request.startedAt,
  transferred_at: request.finishedAt,
  created_at: request.createdAt,
  updated_at: request.finishedAt ?? request.submittedAt ?? request.createdAt,
});
