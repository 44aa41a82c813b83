/** The answer of `POST rules/plan`, as far as the command line shows it. */
export interface PlanAnswer {
  readonly rse_leaves?: string;
  readonly rules_there?: number;
  readonly files_there?: number;
  readonly bytes_there?: number;
  readonly dids_matched?: number;
  readonly dids_complete?: boolean;
  /** Rules of an RSE that leaves of which nothing else is told. */
  readonly rules_untold?: number;
  /** Null where nobody knows. */
  readonly feasible: boolean | null;
  readonly to_move: ShownAmount;
  readonly seconds: number | null;
  readonly seconds_complete: boolean;
  readonly rules: readonly ShownPlan[];
}

export interface ShownAmount {
  readonly files: number;
  readonly bytes: number;
}

export interface ShownPlan {
  readonly rules_there?: number;
  readonly files_there?: number;
  readonly bytes_there?: number;
  /** Of a rule with phases, from 1. */
  readonly phase?: number;
  readonly phases?: number;
  /** When the phase holds; null is not known, or for ever. */
  readonly since?: string | null;
  readonly until?: string | null;
  readonly until_idle?: string | null;
  readonly account: string;
  readonly rse_expression: string;
  readonly copies: number;
  readonly weight: string | null;
  readonly grouping: string;
  readonly dids: readonly { readonly scope: string; readonly name: string }[];
  readonly did_count: number;
  readonly files: number;
  readonly bytes: number;
  readonly units: number;
  readonly errors: readonly {
    readonly exception_class: string;
    readonly exception_message: string;
  }[];
  readonly parts: readonly ShownPart[];
  readonly moves: readonly (ShownAmount & {
    readonly source: string | null;
    readonly destination: string;
    readonly awaited: boolean;
    readonly seconds: number | null;
  })[];
  readonly quota: readonly (ShownRoom & { readonly rse_expression: string })[];
  readonly space: readonly (ShownRoom & { readonly rse: string })[];
  readonly time: readonly {
    readonly destination: string;
    readonly queued: ShownAmount;
    readonly seconds: number | null;
  }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly estimated: readonly string[];
}

export interface ShownPart {
  readonly rse_expression: string;
  readonly copies: number;
  readonly weight: string | null;
  readonly chosen: readonly {
    readonly rse: string;
    readonly units: number;
    readonly why: readonly ShownWhy[];
    readonly files: number;
    readonly bytes: number;
    readonly there: ShownAmount;
    readonly coming: ShownAmount;
    readonly to_move: ShownAmount;
  }[];
  readonly rejected: readonly { readonly rse: string; readonly why: readonly ShownWhy[] }[];
}

export interface ShownWhy {
  readonly reason: string;
  readonly units: number;
  readonly detail: string | null;
}

export interface ShownRoom {
  readonly limit: number | null;
  readonly used_before: number;
  readonly used_after: number;
}
