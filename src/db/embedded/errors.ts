/** The embedded PostgreSQL cannot run or be reached. The message says why and what would help. */
export class EmbeddedDatabaseError extends Error {
  override name = 'EmbeddedDatabaseError';
}

/** Another process of Sluice supervises the cluster of this state directory and goes on doing so. */
export class EmbeddedDatabaseInUse extends EmbeddedDatabaseError {
  override name = 'EmbeddedDatabaseInUse';
}
