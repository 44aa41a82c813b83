import { JobStateCodec, wireId } from '../vocabulary/index.js';
import { type Job } from './job.js';

/** What the event of a job's end says. Pure. */
export const endOf = (job: Job) => ({
  job_id: wireId(job.uid),
  kind: job.kind,
  account: job.account,
  state: JobStateCodec.name(job.state),
  comment: job.comments,
  error: job.error,
  schedule_id: job.scheduleUid === null ? null : wireId(job.scheduleUid),
  items: { total: Number(job.total), done: Number(job.done), failed: Number(job.failed) },
  bytes: {
    total: Number(job.totalBytes),
    done: Number(job.doneBytes),
    failed: Number(job.failedBytes),
  },
  created_at: utc(job.createdAt),
  ended_at: job.endedAt === null ? null : utc(job.endedAt),
});

/** As Rucio's payloads have it: UTC, without saying so. */
const utc = (at: Date): string => at.toISOString().replace('T', ' ').replace('Z', '');
