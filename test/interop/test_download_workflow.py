"""Snakemake's storage plug-in: what it calls, and which answers it lives on (the client's Python classes)."""
import hashlib
import json

import pytest

from looking import eventually, same_bytes

NAMES = ['flow.1.root', 'flow.2.root']


@pytest.fixture(scope='module')
def originals(tmp_path_factory):
    home = tmp_path_factory.mktemp('flow')
    for name in NAMES:
        (home / name).write_bytes(f'{name} in the deep sea '.encode() * 300)
    return [home / name for name in NAMES]


@pytest.fixture(scope='module')
def flow(scientist):
    return lambda step, **words: scientist.python('workflow.py', step, json.dumps(words, default=str))


@pytest.fixture(scope='module')
def stored(flow, originals, desk, disks):
    return flow('store', paths=originals, rse=disks[0], scope=desk, dataset='flow.results')


def test_results_are_stored_in_a_dataset_that_holds_them(stored, client, desk, disks):
    assert stored == {name: True for name in NAMES}
    assert sorted(did['name'] for did in client.list_content(desk, 'flow.results')) == NAMES
    rules = lambda: list(client.list_did_rules(desk, 'flow.results'))
    eventually(lambda: [(rule['state'], rule['locks_ok_cnt']) for rule in rules()] == [('OK', 2)])
    assert rules()[0]['rse_expression'] == disks[0]


def test_everything_that_is_asked_is_answered(stored, flow, originals, desk, scientist):
    seen = flow('look', scope=desk, names=NAMES[::-1], pattern='flow.*.root', missing='flow.none.root')
    sizes = {path.name: path.stat().st_size for path in originals}
    assert seen['account'] == scientist.account
    assert seen['bytes'] == sizes
    assert seen['md5'] == {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in originals}
    assert seen['times'] == [True, True]
    assert seen['bulk'] == [[name, sizes[name], True] for name in NAMES[::-1]]
    assert seen['scope'] is True
    assert set(NAMES) <= set(seen['files']) and len(set(seen['files'])) == len(seen['files'])
    assert 'flow.results' not in seen['files']
    assert seen['glob'] == NAMES
    assert seen['missing'] is False


def test_inputs_are_retrieved_by_name_and_by_address(stored, flow, originals, desk, disks, tmp_path):
    got = flow('retrieve', scope=desk, names=NAMES, rse=disks[0], directory=tmp_path)
    done = {f'{desk}:{name}': 'DONE' for name in NAMES}
    assert got['dids'] == done and got['pfns'] == done
    assert got['traces'] == [['workflow', disks[0], 'DONE']] * 2
    assert got['missing'] == 'NoFilesDownloaded'
    same_bytes(tmp_path / 'dids', originals)
    same_bytes(tmp_path / 'pfns', originals)
