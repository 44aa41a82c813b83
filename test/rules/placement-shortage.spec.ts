import { describe, expect, it } from '@jest/globals';
import { type Candidate, demandCopies, placeCopies } from '../../src/rules/copy-placement.js';
import { parseShortForm } from '../../src/rules/parse-placement.js';
import { bindConstraints, type SiteConstraints } from '../../src/rules/site-constraints.js';

interface Rse {
  readonly type: 'DISK' | 'TAPE';
  readonly continent?: string;
  readonly site?: string;
  readonly quotaLeft?: bigint;
  readonly spaceLeft?: bigint;
  readonly unwritable?: boolean;
}

const LAKE: Readonly<Record<string, Rse>> = {
  CNAF: { type: 'DISK', continent: 'EU', site: 'CNAF' },
  LYON: { type: 'DISK', continent: 'EU', site: 'LYON' },
  SHORE: { type: 'TAPE', continent: 'EU', site: 'SHORE' },
  BNL: { type: 'DISK', continent: 'NA', site: 'BNL' },
};

function lake(short: string, rses = LAKE): { candidates: Candidate[]; rules: SiteConstraints } {
  const constraints = parseShortForm(short, 1);
  const rows = Object.entries(rses).map(([name, rse], at) => ({ name, rseId: at + 1, rse }));
  const rules = bindConstraints(
    constraints,
    rows.map(({ name, rseId, rse }) => ({
      name,
      rseId,
      parts: constraints.parts.flatMap(({ rseExpression }, at) =>
        [`type=${rse.type}`, '*'].includes(rseExpression) ? [at] : [],
      ),
      values: constraints.distinct.map((key) => rse[key as 'continent' | 'site'] ?? null),
      writable: !rse.unwritable,
    })),
  );
  const candidates = rows
    .filter(({ rse }) => !rse.unwritable)
    .map(({ name, rseId, rse }) => ({
      rseId,
      name,
      seed: BigInt(rseId) * 7919n,
      weight: (rules.places.get(rseId)?.parts.length ?? 0) > 0 ? 1 : null,
      heldBytes: 0n,
      inDeletion: false,
      quotaLeft: rse.quotaLeft ?? null,
      spaceLeft: rse.spaceLeft ?? null,
    }));
  return { candidates, rules };
}

const demand = (short: string, rses = LAKE) => {
  const { candidates, rules } = lake(short, rses);
  return () => demandCopies({ id: 1n, copies: rules.copies, bytes: 10n }, candidates, rules);
};

describe('a placement that cannot be had', () => {
  it.each([
    [
      'of an attribute with too few values',
      'type=DISK:2;type=TAPE:1;distinct=continent',
      LAKE,
      'only 2 values of continent (EU, NA)',
      ['2 copies (type=DISK:2;distinct=continent)', 'leave out distinct', 'maxSkew=1'],
    ],
    [
      'where a part is too small',
      'type=DISK:1;type=TAPE:2',
      LAKE,
      "'type=TAPE' names 1 RSE that can be used, for 2 copies",
      ['2 copies (type=DISK:1;type=TAPE:1)', 'one more RSE of type=TAPE'],
    ],
    [
      'where parts share their RSEs',
      '*:2;type=TAPE:1;type=DISK:2',
      LAKE,
      'need different RSEs, and name too few together',
      ['4 copies'],
    ],
    [
      'where an RSE lacks the attribute',
      'type=DISK:3;distinct=continent',
      { ...LAKE, ICRR: { type: 'DISK' } as const },
      'only 2 values of continent (EU, NA) among the RSEs of',
      ['a continent of its own for ICRR', 'one more RSE of type=DISK with another continent'],
    ],
    [
      'while an RSE cannot be written',
      'type=DISK:3;distinct=continent',
      { ...LAKE, ICRR: { type: 'DISK', continent: 'AS', unwritable: true } as const },
      'only 2 values of continent',
      ['ICRR, which cannot be written now'],
    ],
    [
      'of two attributes, one of which is the reason',
      'type=DISK:3;distinct=continent,site',
      LAKE,
      'only 2 values of continent',
      ['distinct=site'],
    ],
    [
      'more even than the RSEs are',
      'type=DISK:3;distinct=continent;maxSkew=0',
      LAKE,
      'no choice of RSEs for',
      ['2 copies (type=DISK:2;distinct=continent;maxSkew=0)', 'maxSkew=1'],
    ],
  ])('%s names the constraint and what would do', (_, short, rses, why, ways) => {
    const thrown = expect.objectContaining({
      name: 'InsufficientTargetRSEs',
      message: expect.stringContaining(why),
    });
    expect(demand(short, rses)).toThrow(thrown);
    for (const way of ways) expect(demand(short, rses)).toThrow(way);
  });

  it('for want of quota or space names where room would do', () => {
    const poor = { ...LAKE, BNL: { ...(LAKE['BNL'] as Rse), quotaLeft: 5n } };
    const wish = 'type=DISK:2;distinct=continent';
    expect(demand(wish, poor)).toThrow(
      expect.objectContaining({
        name: 'InsufficientAccountLimit',
        message: expect.stringContaining('room at BNL would do'),
      }),
    );
    const full = { ...LAKE, SHORE: { ...(LAKE['SHORE'] as Rse), spaceLeft: 5n } };
    expect(demand('type=TAPE:1;type=DISK:1', full)).toThrow(
      expect.objectContaining({ name: 'RSEOverQuota' }),
    );
    const both = { ...poor, LYON: { ...(LAKE['LYON'] as Rse), spaceLeft: 5n } };
    expect(demand('type=DISK:3', both)).toThrow(
      'do not fit on BNL, nor, by the limit of the RSE, on LYON',
    );
  });
});

describe('a placement of a thousand RSEs', () => {
  const many = (rse: Partial<Rse>) =>
    Object.fromEntries(
      Array.from({ length: 1000 }, (_, at): [string, Rse] => [
        `RSE-${at}`,
        { type: 'DISK', continent: 'EU', site: `S${at}`, ...rse },
      ]),
    );

  it.each([
    ['type=DISK:2;distinct=contient', {}, 'that can be used has the attribute contient'],
    ['type=DISK:3;distinct=continent,site', {}, 'distinct=site'],
    ['type=DISK:2', { quotaLeft: 5n }, 'RSE-9 and 990 more'],
    ['type=DISK:2;distinct=continent', { unwritable: true }, 'names 0 RSEs'],
  ])('that cannot be had as %s is refused with few words', (short, rse, why) => {
    const thrown = expect.objectContaining({ message: expect.stringContaining(why) });
    expect(demand(short, many(rse))).toThrow(thrown);
    const [words] = [demand(short, many(rse))].map((ask) => {
      try {
        return String(ask());
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(words?.length).toBeLessThan(500);
  });
});

describe('a placement that can', () => {
  it('tells of each RSE for which part it is, or why it is not', () => {
    const { candidates, rules } = lake('type=DISK:1;type=TAPE:1;distinct=continent');
    const placement = placeCopies({ id: 1n, copies: 2, bytes: 10n }, candidates, rules);
    expect(placement.chosen.toSorted()).toEqual([3, 4]);
    expect(placement.chosen.map((rseId, at) => [rseId, placement.parts?.[at]]).toSorted()).toEqual([
      [3, 1],
      [4, 0],
    ]);
    expect(placement.rejected).toEqual([
      { rseId: expect.any(Number), reason: 'distinct', detail: 'continent=EU is taken by SHORE' },
      { rseId: expect.any(Number), reason: 'distinct', detail: 'continent=EU is taken by SHORE' },
    ]);
  });

  it('tells of RSEs that are needed for others, and of those that came too late', () => {
    const { candidates, rules } = lake('type=DISK:1;*:1');
    const placement = placeCopies({ id: 1n, copies: 2, bytes: 10n }, candidates, rules);
    expect(placement.rejected.map(({ reason }) => reason)).toEqual(['surplus', 'surplus']);
  });

  it('stays as it is when values come that it knows nothing of', () => {
    const { candidates, rules } = lake('type=DISK:2;distinct=continent;maxSkew=0', {
      ...LAKE,
      ICRR: { type: 'DISK', continent: 'AS' },
    });
    const keep = [1, 4];
    const unit = { id: 1n, copies: 2, bytes: 10n };
    expect(() => demandCopies(unit, candidates, rules)).toThrow('is so even over continent');
    expect(demandCopies({ ...unit, keep }, candidates, rules)).toEqual([1, 4]);
  });

  it('gives up what it has only where that breaks a constraint', () => {
    const { candidates, rules } = lake('type=DISK:2;distinct=continent');
    const unit = { id: 1n, copies: 2, bytes: 10n };
    expect(demandCopies({ ...unit, keep: [2, 1] }, candidates, rules)).toEqual([2, 4]);
  });

  it('fits a copy that moves to those that stay', () => {
    const { candidates, rules } = lake('type=DISK:2;type=TAPE:1;distinct=site');
    const free = candidates.filter(({ rseId }) => rseId !== 2);
    const unit = { id: 1n, copies: 1, bytes: 10n, taken: [1, 3] };
    expect(placeCopies(unit, free, rules)).toMatchObject({ chosen: [4], parts: [0] });
  });
});
