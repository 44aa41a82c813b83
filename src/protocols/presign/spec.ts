/** Storages that sign URLs their own way, as Rucio's clients name them. */
export const UrlServices = ['s3', 'gcs', 'swift'] as const;
export type UrlService = (typeof UrlServices)[number];

/** What a storage and whoever signs for it share. */
export interface UrlKey {
  /** Needed by s3 and gcs (there the access id of an HMAC key); swift has none. */
  readonly accessKey?: string | undefined;
  readonly secretKey: string;
}

/** One URL to be opened for one method. */
export interface PresignSpec {
  /** Byte for byte as the client wrote it, without a query. */
  readonly url: string;
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly lifetimeSeconds: number;
  readonly now: Date;
  readonly key: UrlKey;
  /** Where the storage says it is; s3 and gcs only. */
  readonly region?: string | undefined;
}
