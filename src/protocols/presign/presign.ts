import { presignS3 } from './s3.js';
import { type PresignSpec, type UrlService, UrlServices } from './spec.js';
import { presignSwift } from './swift.js';

/** No S3 believes a signature for longer: seven days. */
export const PRESIGNED_SECONDS_MAX = 604_800;

/** The service that a protocol's extended attributes name (`{"s3": {"region": "…"}}`, or true for it). */
export const urlServiceOf = (
  attributes: Readonly<Record<string, unknown>> | null | undefined,
): UrlService | undefined =>
  UrlServices.find((service) => ![undefined, null, false].includes(attributes?.[service] as never));

/** The region that the attributes of a service name, if they do. */
export function regionOf(
  attributes: Readonly<Record<string, unknown>> | null | undefined,
  service: UrlService,
): string | undefined {
  const terms = attributes?.[service];
  const region = typeof terms === 'object' && terms !== null && 'region' in terms && terms.region;
  return typeof region === 'string' && region !== '' ? region : undefined;
}

/** The URL with a signature behind it. Google's storage takes S3's, by keys of the kind HMAC. */
export async function presign(service: UrlService, spec: PresignSpec): Promise<string> {
  switch (service) {
    case 's3':
      return await presignS3({ region: 'us-east-1', ...given(spec) });
    case 'gcs':
      return await presignS3({ region: 'auto', ...given(spec) });
    case 'swift':
      return presignSwift(spec);
  }
}

const given = ({ region, ...spec }: PresignSpec) => ({ ...spec, ...(region && { region }) });
