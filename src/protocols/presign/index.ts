/** URLs that storages sign their own way: S3, Google's, Swift's. */

export { presign, PRESIGNED_SECONDS_MAX, regionOf, urlServiceOf } from './presign.js';
export { type PresignSpec, type UrlKey, type UrlService, UrlServices } from './spec.js';
