import { Type } from 'typebox';
import { InvalidObject } from '../../errors/index.js';
import { type DidName, Limits } from '../../vocabulary/index.js';
import { orNull, parseParameters } from '../wire/index.js';
import {
  DidItem,
  NamedDid,
  type ParsedDidItem,
  readDidItems,
  StrictDidItem,
} from './did-item.request.js';

const Attach = Type.Object({
  dids: Type.Array(DidItem, { maxItems: Limits.attachmentsPerRequest }),
  rse: orNull(Type.String()),
});

const Attachment = Type.Object({
  scope: Type.String(),
  name: Type.String(),
  dids: Type.Array(StrictDidItem, { maxItems: Limits.attachmentsPerRequest }),
  rse: orNull(Type.String()),
});

const Attachments = Type.Object({
  attachments: Type.Array(Attachment, { maxItems: Limits.bulkItems }),
  ignore_duplicate: orNull(Type.Boolean()),
});

/** What is to be attached to one parent; with an RSE, the files are there already. */
export interface AttachRequest {
  readonly parent: DidName;
  readonly children: readonly ParsedDidItem[];
  readonly rse: string | null;
}

/** The body of `POST dids/{scope}/{name}/dids`. */
export function parseAttach(parent: DidName, body: unknown): AttachRequest {
  const { dids, rse } = parseParameters(Attach, body, 'an attachment');
  return { parent, children: readDidItems(dids), rse: rse || null };
}

export interface AttachmentsRequest {
  readonly attachments: readonly AttachRequest[];
  readonly ignoreDuplicate: boolean;
}

/** The body of `POST dids/attachments`, which may be a bare list. */
export function parseAttachments(body: unknown): AttachmentsRequest {
  const given = Array.isArray(body) ? { attachments: body as unknown[] } : body;
  const { attachments, ignore_duplicate } = parseParameters(Attachments, given, 'attachments');
  const total = attachments.reduce((sum, { dids }) => sum + dids.length, 0);
  if (total > Limits.attachmentsPerRequest) {
    throw new InvalidObject(
      `Problem validating attachments: at most ${Limits.attachmentsPerRequest} DIDs in one call`,
    );
  }
  return {
    attachments: attachments.map(({ scope, name, dids, rse }) => ({
      parent: { scope, name },
      children: readDidItems(dids),
      rse: rse || null,
    })),
    ignoreDuplicate: ignore_duplicate ?? false,
  };
}

const Detach = Type.Object({
  dids: Type.Array(NamedDid, { maxItems: Limits.attachmentsPerRequest }),
});

/** The body of `DELETE dids/{scope}/{name}/dids`. */
export function parseDetach(body: unknown): DidName[] {
  return parseParameters(Detach, body, 'detached DIDs').dids;
}

const BulkFiles = Type.Object({ dids: Type.Array(NamedDid, { maxItems: Limits.bulkItems }) });

/** The body of `POST dids/bulkfiles`. */
export function parseBulkFiles(body: unknown): DidName[] {
  return parseParameters(BulkFiles, body, 'DIDs').dids;
}
