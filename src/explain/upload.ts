import { ReplicaState } from '../vocabulary/index.js';
import { type CopyFacts } from './copy-facts.js';
import { clockTime } from './words.js';

/** One that takes longer is given up, as it seems: the doctor sees it so too. */
const PATIENCE_MS = 86_400_000;

/** Whether a client writes the copy: no transfer of ours was asked for. */
export const isUpload = ({ copy, request }: Pick<CopyFacts, 'copy' | 'request'>): boolean =>
  copy.state === ReplicaState.COPYING && !request;

/** What a client does with a copy that it began to write. */
export function uploadOf({ copy, request, now }: CopyFacts): string[] {
  if (!isUpload({ copy, request })) return [];
  const began = copy.accessedAt;
  const since = began ? ` since ${clockTime(began, now)}` : '';
  if (began && now.getTime() - began.getTime() < PATIENCE_MS) {
    return [`Nobody has asked for a transfer to it: a client has been writing it${since}`];
  }
  const found =
    copy.lockCnt > 0
      ? 'The doctor finds it (waiting-without-request); by its --repair the file is brought from another copy, where there is one'
      : 'The doctor finds it (upload-forgotten); by its --repair it goes while another good copy is there';
  return [`A client began to write it${since}, and has never said that it is there`, found];
}
