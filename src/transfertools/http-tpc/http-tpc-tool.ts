import {
  fileUrl,
  type ProtocolEndpoint,
  serverFilePath,
  StorageError,
  type StorageRegistry,
} from '../../protocols/index.js';
import { Cause } from '../../vocabulary/index.js';
import { InProcessTool, type ToolLimits } from '../in-process-tool.js';
import { abortFailure, type CopyBytes } from '../move-file.js';
import { at, failureAt, TransferFailure } from '../transfer-failure.js';
import { expectedOf, verify } from '../verify.js';

const HTTPS = ['https', 'davs'];

/**
 * Lets the destination pull from the source by itself (third-party copy over https); this process
 * only asks, watches and verifies. For destinations whose protocol says `third_party_copy: true`.
 */
export function httpTpcTool(registry: StorageRegistry, limits: ToolLimits): InProcessTool {
  return new InProcessTool('http-tpc', registry, limits, {
    canMove: (source, destination) =>
      HTTPS.includes(source.scheme) && HTTPS.includes(destination.scheme) && pulls(destination),
    copy: pullCopy(registry),
  });
}

function pulls(endpoint: ProtocolEndpoint): boolean {
  return endpoint.extendedAttributes['third_party_copy'] === true;
}

function pullCopy(registry: StorageRegistry): CopyBytes {
  return async (movement, path) => {
    const { destination, job, onBytes, signal, source } = movement;
    const { bytes, overwrite } = job;
    // Pulling compares no checksums: a source that is already known to be bad is told as such.
    const entry = await at('source', () =>
      source.stat(job.source.path, { checksum: true, bytes, signal }),
    );
    if (entry === null) {
      throw new TransferFailure(Cause.SOURCE_MISSING, 'source', `no ${job.source.path} there`);
    }
    verify('source', expectedOf(job), entry);
    const { endpoint } = job.source;
    const sourceToken = await at('source', () =>
      registry.token(endpoint, 'read', serverFilePath(endpoint, job.source.path)),
    );
    try {
      await destination.pull(path, fileUrl(endpoint, job.source.path).href, {
        overwrite,
        bytes,
        signal,
        onBytes,
        ...(sourceToken !== undefined && { sourceToken }),
      });
    } catch (error) {
      const far = error instanceof StorageError && error.farSide;
      throw abortFailure(signal) ?? failureAt(far ? 'source' : 'destination', error);
    }
    onBytes(bytes);
    return null;
  };
}
