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
import { toJson } from '../wire/index.js';

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

/** What a transfer was asked for, as submitters of Rucio keep it. */
const attributesOf = (request: RequestRow) => ({
  activity: activityOf(request),
  source_replica_expression: request.sourceExpression,
  bytes: request.bytes,
  md5: idOrNull(request.md5),
  adler32: adler32Of(request),
  priority: request.priority,
});

const activityOf = ({ activity }: RequestRow): string => Activities[activity] ?? DEFAULT_ACTIVITY;

const adler32Of = ({ adler32 }: RequestRow): string | null =>
  adler32 === null ? null : adler32FromInt4(adler32);

/** A request alone: its attributes are an object. */
export const presentOneRequest = (request: RequestRow) => ({
  ...presentRequest(request),
  attributes: attributesOf(request),
});

/**
 * A request of a list, or an attempt that is over, by Rucio's names; `retry_count` counts from 0. Its
 * attributes are the text of an object.
 */
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
  activity: activityOf(request),
  account: request.account,
  rule_id: idOrNull(request.ruleUid),
  bytes: request.bytes,
  md5: idOrNull(request.md5),
  adler32: adler32Of(request),
  priority: request.priority,
  retry_count: request.attempt,
  err_msg: messageOf(request),
  attributes: toJson(attributesOf(request)),
  previous_attempt_id: null,
  transfertool: request.tool,
  external_id: request.externalId,
  external_host: null,
  dest_url: null,
  requested_at: request.createdAt,
  submitted_at: request.submittedAt,
  started_at: request.startedAt,
  transferred_at: request.finishedAt,
  estimated_at: null,
  estimated_started_at: null,
  estimated_transferred_at: null,
  staging_started_at: null,
  staging_finished_at: null,
  created_at: request.createdAt,
  updated_at: request.finishedAt ?? request.submittedAt ?? request.createdAt,
});
