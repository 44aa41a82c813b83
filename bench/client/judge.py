"""Paths of rules: small and large ones, files that arrive under one, one that expires."""
from typing import Any

from daemons import Daemons
from lake import Round, batches, expect
from meter import Meter

SMALL = 100
COPIES = 2
INJECTOR, EVALUATOR, CLEANER = 'judge-injector', 'judge-evaluator', 'judge-cleaner'


def measure_judge(meter: Meter, daemons: Daemons, round: Round, calls: int) -> None:
    """One repetition of each, on the files that the catalogue's paths have left in the dataset `all`."""
    _small_rules(meter, round, min(calls, round.count // SMALL))
    for grouping in ('DATASET', 'NONE'):
        _large_rule(daemons, round, grouping)
    _arrivals(daemons, round)
    _expiry(daemons, round)


def _add_rule(round: Round, dataset: dict[str, str], copies: int, where: str, **options: str) -> str:
    [rule] = round.client.add_replication_rule([dataset], copies, where, **options)
    return rule


def _locks(round: Round, rule: str) -> int:
    """Of every state: no byte moves here, so that those of new copies stay REPLICATING."""
    told = round.client.get_replication_rule(rule)
    return sum(told[f'locks_{state}_cnt'] for state in ('ok', 'replicating', 'stuck'))


def _each_file_has(round: Round, rule: str, copies: int, files: int) -> None:
    """The locks one by one: a counter alone proves nothing."""
    held = [(lock['name'], lock['rse']) for lock in round.client.list_replica_locks(rule)]
    expect('locks, and different ones', (len(held), len(set(held))), (copies * files,) * 2)
    expect('locked files', len({name for name, _ in held}), files)


def _small_rules(meter: Meter, round: Round, calls: int) -> None:
    datasets = [
        round.dataset(f'small{at}', round.dids[at * SMALL:(at + 1) * SMALL]) for at in range(calls)
    ]
    rules: list[str] = []

    def add() -> None:
        for dataset in datasets:
            rules.append(_add_rule(round, dataset, 1, round.lake.anywhere_in('SMALL')))

    meter.measure('Add a rule, 100 files', 'rule', calls, add)
    for rule in rules:
        expect('locks of a small rule', _locks(round, rule), SMALL)


def _large_rule(daemons: Daemons, round: Round, grouping: str) -> None:
    dataset = round.dataset(f'rule.{grouping}', round.dids)
    locks = COPIES * round.count
    rules: list[str] = []

    def add() -> None:
        where = round.lake.anywhere_in(grouping)
        rules.append(_add_rule(round, dataset, COPIES, where, grouping=grouping))
        daemons.until(INJECTOR, lambda: _locks(round, rules[0]) == locks)

    path = f'Add a rule, {round.count:,} files, {COPIES} copies, {grouping}'
    daemons.measure(path, INJECTOR, locks, add)
    _each_file_has(round, rules[0], COPIES, round.count)


def _arrivals(daemons: Daemons, round: Round) -> None:
    """Attachment and evaluation together: where daemons work by themselves, they overlap."""
    files = round.dids[:round.count // 2]
    dataset = round.dataset('evaluated', [])
    rule = _add_rule(round, dataset, COPIES, round.lake.anywhere_in('EVALUATED'))
    locks = COPIES * len(files)
    daemons.catch_up(EVALUATOR)

    def attach() -> None:
        for batch in batches(files):
            round.client.attach_dids(round.scope, dataset['name'], batch)
        daemons.until(EVALUATOR, lambda: _locks(round, rule) == locks)

    daemons.measure('Attach under a rule, 2 copies, with evaluation', EVALUATOR, locks, attach)
    _each_file_has(round, rule, COPIES, len(files))


def _expiry(daemons: Daemons, round: Round) -> None:
    """A rule over copies that are where it wants them expires."""
    dataset: dict[str, Any] = round.dataset('expired', round.dids)
    rule = _add_rule(round, dataset, 1, round.lake.source)
    daemons.until(INJECTOR, lambda: _locks(round, rule) == round.count)

    def is_gone() -> bool:
        return not list(round.client.list_did_rules(**dataset))

    def expire() -> None:
        round.client.update_replication_rule(rule, {'lifetime': -1})
        daemons.until(CLEANER, is_gone)

    daemons.measure('A rule expires, with cleaning', CLEANER, round.count, expire)
    locks = sum(1 for _ in round.client.get_dataset_locks(**dataset))
    expect('dataset locks after the rule', locks, 0)
