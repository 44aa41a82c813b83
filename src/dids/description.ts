/**
 * The built-in metadata that accounts may set, and each one's column type. Names are columns of
 * `dids`; everything else that a DID is (type, size, checksums, open or not) has its own verbs.
 */
export const DescriptionColumns = {
  events: 'bigint',
  run_number: 'bigint',
  task_id: 'bigint',
  panda_id: 'bigint',
  access_cnt: 'bigint',
  lumiblocknr: 'int',
  guid: 'uuid',
  project: 'text',
  datatype: 'text',
  stream_name: 'text',
  prod_step: 'text',
  version: 'text',
  campaign: 'text',
  provenance: 'text',
  phys_group: 'text',
  hidden: 'boolean',
  transient: 'boolean',
  purge_replicas: 'boolean',
  is_new: 'boolean',
  accessed_at: 'timestamptz',
  closed_at: 'timestamptz',
  eol_at: 'timestamptz',
  expired_at: 'timestamptz',
} as const;

export type DescriptionColumn = keyof typeof DescriptionColumns;

/** Values by column; null clears. Flags that must not be null keep their column's default. */
export type Description = {
  readonly [column in DescriptionColumn]?: string | bigint | boolean | Date | null;
};

/** A description as the JSON that PostgreSQL reads back by column type. bigint stays exact. */
export const descriptionJson = (description: Description): string =>
  JSON.stringify(description, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
