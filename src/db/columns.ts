import { type ColumnOptions, ViewEntity } from 'typeorm';

/*
 * Column options of the entities, spread into TypeORM's decorators: @Column({ ...int8, name: 'did_id' }).
 * Entities tell the shape only; defaults, checks, collations and indexes stand in the migrations.
 */

/** int8 as a bigint, as Tx.query reads it; the driver by itself gives text. */
export const int8 = {
  type: 'bigint',
  transformer: {
    from: (stored: string | null) => (stored === null ? null : BigInt(stored)),
    to: (value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  },
} as const satisfies ColumnOptions;

/** PostgreSQL's one-byte "char", which holds the vocabulary's letters; TypeORM has no name for it. */
export const letter = { type: 'char' } as const satisfies ColumnOptions;

/** The integer key that the database gives. */
export const identity4 = { type: 'int', generatedIdentity: 'ALWAYS' } as const;
/** As identity4, of eight bytes: a bigint. */
export const identity8 = { ...int8, generatedIdentity: 'ALWAYS' } as const;

/**
 * A table without a key, appended to by statements and read by entity. TypeORM asks a key of every
 * entity that is not a view.
 */
export const AppendOnly = (table: string): ClassDecorator =>
  ViewEntity({ name: table, synchronize: false });
