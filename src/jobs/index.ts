/** Bulk work with progress: replicate, drain, delete, change, rebalance; by the calendar too. */

export { demandCalendar, nextMoment } from './cron.js';
export { changeSchedule, fireNext, type Firing, scheduleJob } from './fire-schedules.js';
export {
  type ChangeSpec,
  type DeleteSpec,
  type DidChoice,
  type DrainSpec,
  type Job,
  type JobOrder,
  type JobTerms,
  type JobWish,
  type RebalanceSpec,
  type ReplicateSpec,
  type RuleChoice,
} from './job.js';
export { findJob, type JobFilter, listJobs } from './find-jobs.sql.js';
export { forgetJobs } from './forget-jobs.sql.js';
export { demandRoomForJob, demandRoomForSchedule } from './demand-room.js';
export { faultOf } from './job-fault.js';
export { dueJobs, postponeJob } from './job.sql.js';
export { orderJob } from './order-job.js';
export { type PlanLine, planOf, type ResultLine, resultOf } from './result.sql.js';
export { deleteSchedule, findSchedule, type JobSchedule, listSchedules } from './schedule.sql.js';
export { type JobVerb, steerJob } from './steer-job.sql.js';
export { jobsTerms } from './terms.js';
export { isOver, type JobSlice, refuseSlice, workJob } from './work-job.js';
export { JobEntity } from './job.entity.js';
export { JobItemEntity } from './job-item.entity.js';
export { JobScheduleEntity } from './job-schedule.entity.js';
