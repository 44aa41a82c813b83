import { totalmem } from 'node:os';
import { type Config } from '../../config/index.js';
import { PORT, type Layout } from './layout.js';

/** What an operator may tune: the section `database.embedded`. */
export type EmbeddedTuning = Config['database']['embedded'];

export const DEFAULT_TUNING: EmbeddedTuning = {
  sharedBuffersBytes: 256 * 1024 ** 2,
  walSizeMaxBytes: 2 * 1024 ** 3,
  connectionsMax: 100,
};

const MIB = 1024 ** 2;

/** The settings of the server as arguments of `postgres`; they win over postgresql.conf. */
export function serverArguments(layout: Layout, tuning: EmbeddedTuning): string[] {
  const settings = { ...REACH, ...DURABILITY, ...WORK, ...LOGGING, ...sizes(tuning) };
  const socketDir = `"${layout.socketDir.replaceAll('"', '""')}"`;
  return [
    ...['-D', layout.dataDir, '-c', `unix_socket_directories=${socketDir}`],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** A unix socket in a private directory, and a password on top. */
const REACH = {
  listen_addresses: '',
  port: PORT,
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  cluster_name: 'sluice',
  timezone: 'UTC',
  restart_after_crash: 'on',
};

/** Stated although they are the defaults: nobody gets to wonder, and no file switches them off. */
const DURABILITY = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };

const WORK = {
  jit: 'off', // our statements are short; compiling them costs more than running them
  max_parallel_workers_per_gather: 0, // and so does starting workers: 31 ms for 1,000 rows
  random_page_cost: 1.1,
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  autovacuum: 'on',
  // Queues and counters change all the time: clean little and often.
  autovacuum_naptime: '15s',
  autovacuum_vacuum_scale_factor: 0.05,
  autovacuum_analyze_scale_factor: 0.05,
  autovacuum_vacuum_cost_limit: 2000,
  checkpoint_timeout: '15min',
};

/** One file a weekday, overwritten a week later. Statements stay out: they may hold signed URLs. */
const LOGGING = {
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgresql-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: 0,
  log_truncate_on_rotation: 'on',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_min_error_statement: 'panic',
  lc_messages: 'C',
};

function sizes(tuning: EmbeddedTuning) {
  return {
    shared_buffers: `${Math.floor(tuning.sharedBuffersBytes / MIB)}MB`,
    effective_cache_size: `${Math.floor(totalmem() / 2 / MIB)}MB`,
    max_wal_size: `${Math.floor(tuning.walSizeMaxBytes / MIB)}MB`,
    max_connections: tuning.connectionsMax,
  };
}
