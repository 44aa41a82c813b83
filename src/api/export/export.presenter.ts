import { type Rse, type RseProtocol } from '../../rses/index.js';
import { presentAttributes, presentRseRow, presentRseSettings } from '../rses/rses.presenter.js';

interface Belongings {
  readonly protocols: readonly RseProtocol[];
  readonly limits: Readonly<Record<string, bigint>>;
  readonly qosPolicies: readonly string[];
}

/**
 * A storage element as Rucio exports it, secrets of its protocols included, or an import could not
 * reach it. `limits` and `qos_policies` are ours: Rucio exports MinFreeSpace alone.
 */
export function presentExportedRse(rse: Rse, { protocols, limits, qosPolicies }: Belongings) {
  const {
    continent: _continent,
    ASN: _asn,
    ISP: _isp,
    deleted: _deleted,
    deleted_at: _deletedAt,
    ...row
  } = presentRseRow(rse);
  const settings = presentRseSettings(rse, protocols, true);
  return {
    ...row,
    attributes: presentAttributes(rse),
    lfn2pfn_algorithm: settings.lfn2pfn_algorithm,
    verify_checksum: settings.verify_checksum,
    credentials: settings.credentials,
    protocols: settings.protocols,
    MinFreeSpace: limits['MinFreeSpace'] ?? null,
    limits,
    qos_policies: qosPolicies,
  };
}
