"""Paths of the catalogue: registration, attachment, metadata and what is listed."""
from typing import Any

from lake import Round, batches, expect
from meter import Meter


def measure_catalogue(meter: Meter, round: Round, calls: int) -> None:
    """One repetition of each. Afterwards all files stand in the dataset `all`."""
    _register(meter, round)
    _add_datasets(meter, round, calls)
    _attach(meter, round)
    _describe(meter, round, calls)
    _look_up(meter, round, 10 * calls)
    _list_dataset(meter, round, calls)


def _register(meter: Meter, round: Round) -> None:
    def register() -> None:
        for batch in batches(round.files):
            round.client.add_replicas(round.lake.source, batch)

    for path in ('Register, 1,000 a request', 'Register again'):
        meter.measure(path, 'file', round.count, register)
        names = sum(1 for _ in round.client.list_dids(round.scope, [{'name': '*'}], did_type='file'))
        expect('files in the scope', names, round.count)


def _add_datasets(meter: Meter, round: Round, calls: int) -> None:
    def add() -> None:
        for at in range(calls):
            round.client.add_dataset(round.scope, f'empty{at}')

    meter.measure('Add a dataset', 'dataset', calls, add)
    names = set(round.client.list_dids(round.scope, [{'name': 'empty*'}], did_type='dataset'))
    expect('datasets', names, {f'empty{at}' for at in range(calls)})


def _attach(meter: Meter, round: Round) -> None:
    round.client.add_dataset(round.scope, 'all')

    def attach() -> None:
        for batch in batches(round.dids):
            round.client.attach_dids(round.scope, 'all', batch)

    meter.measure('Attach, 1,000 a request', 'file', round.count, attach)
    expect('attached files', sum(1 for _ in round.client.list_content(round.scope, 'all')), round.count)


def _metadata(at: int) -> dict[str, Any]:
    return {
        'dtype': 'RAW' if at % 2 == 0 else 'DL1', 'showers': at % 4000,
        'particle': 'gamma', 'site': 'LaPalma', 'zenith': 20.5,
    }


def _describe(meter: Meter, round: Round, calls: int) -> None:
    """Metadata for a fifth of the files, and then the question for those of one kind."""
    count = round.count // 5
    described: list[dict[str, Any]] = [
        {**did, 'meta': _metadata(at)} for at, did in enumerate(round.dids[:count])
    ]

    def describe() -> None:
        for batch in batches(described):
            round.client.set_dids_metadata_bulk(batch)

    meter.measure('Metadata in bulk, 5 keys', 'DID', count, describe)
    least = min(count, 4000) // 2
    wanted = {
        each['name'] for each in described
        if each['meta']['dtype'] == 'RAW' and each['meta']['showers'] >= least
    }
    found: list[list[str]] = []

    def ask() -> None:
        filters = [{'dtype': 'RAW', 'showers.gte': least}]
        for _ in range(calls):
            found.append(list(round.client.list_dids(round.scope, filters, did_type='file')))

    meter.measure('List DIDs by metadata', 'DID found', calls * len(wanted), ask)
    for names in found:
        expect('DIDs found by their metadata', sorted(names), sorted(wanted))


def _look_up(meter: Meter, round: Round, calls: int) -> None:
    found: list[dict[str, Any]] = []

    def look_up() -> None:
        for at in range(calls):
            found.append(round.client.get_did(round.scope, round.dids[at % round.count]['name']))

    meter.measure('get_did', 'call', calls, look_up)
    expect('sizes', [did['bytes'] for did in found],
           [round.files[at % round.count]['bytes'] for at in range(calls)])


def _list_dataset(meter: Meter, round: Round, calls: int) -> None:
    """Short answers are asked for several times: CPU time is counted in hundredths of a second."""
    dataset = {'scope': round.scope, 'name': 'all'}
    client, size = round.client, f'{round.count:,} files'
    for path, rows, ask in (
        (f'list_replicas, {size}', 100 * calls, lambda: client.list_replicas([dataset])),
        (f'list_files, {size}', 1000 * calls, lambda: client.list_files(**dataset)),
    ):
        times = max(1, rows // round.count)
        answers: list[list[dict[str, Any]]] = []
        meter.measure(path, 'file', times * round.count,
                      lambda: answers.extend(list(ask()) for _ in range(times)))
        for answer in answers:
            expect('listed files', len(answer), round.count)
            expect('their names', {row['name'] for row in answer}, {did['name'] for did in round.dids})
            copies = {(rse, len(pfns)) for row in answer for rse, pfns in row.get('rses', {}).items()}
            expect('their copies', copies, {(round.lake.source, 1)} if 'replicas' in path else set())
