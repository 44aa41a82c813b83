/**
 * What can go wrong at a storage:
 * - `slow`: the first bytes of a file come, then none
 * - `hang`: no answer at all
 * - `cut`: the connection breaks half-way through a file
 * - `truncate`: half a file is served, or kept, as if it were all of it
 * - `size`: one byte more is told than is there
 * - `checksum`: a wrong adler32 is told
 * - `corrupt`: one byte of a file is changed on its way in or out
 * - `refuse`: 403; `full`: 507; `error`: 500; `unsupported`: 405
 * - `redirect`: 307 to another host
 */
export type FaultKind =
  | 'slow'
  | 'hang'
  | 'cut'
  | 'truncate'
  | 'size'
  | 'checksum'
  | 'corrupt'
  | 'refuse'
  | 'full'
  | 'error'
  | 'unsupported'
  | 'redirect';

export interface Fault {
  kind: FaultKind;
  /** Only these methods; default: all. */
  methods?: readonly string[];
  /** Only paths that contain this text; default: all. */
  path?: string;
  /** Only so many requests; default: until cleared. */
  times?: number;
  /** Where `redirect` leads: an origin; default https://pool.example.org. */
  location?: string;
}

/** The fault switches of one storage. */
export class Faults {
  #faults: Fault[] = [];

  /** Switches a fault on, besides those that are on already. */
  set(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  /** Switches all faults off. */
  clear(): void {
    this.#faults = [];
  }

  /** The fault that meets this request, if any; a counted one is used up by it. */
  meet(method: string, path: string): Fault | undefined {
    const fault = this.#faults.find(
      (one) => (one.methods?.includes(method) ?? true) && path.includes(one.path ?? ''),
    );
    if (fault?.times === undefined) return fault;
    fault.times -= 1;
    if (fault.times <= 0) this.#faults = this.#faults.filter((one) => one !== fault);
    return fault;
  }
}
