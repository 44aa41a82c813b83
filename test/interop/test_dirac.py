"""DIRAC 9.1's file catalogue client for Rucio, from PyPI and unmodified: paths are files and directories."""
import json
import os
import subprocess
from pathlib import Path

import pytest

from looking import eventually
from shell import HERE

GUID = '2E1A6C1B-0F3D-4B8E-A1A2-B3C4D5E6F701'


class Catalogue:
    """`catalogue('exists', [lfn])` is what DIRAC's client gives: its Value, split into done and failed."""

    def __init__(self, python, shell):
        environment = {**shell.environment, 'RUCIO_AUTH_TYPE': 'userpass'}
        self.process = subprocess.Popen(
            [python, HERE / 'dirac_catalogue.py'], env=environment, cwd=shell.home, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(shell.home / 'dirac.log').open('w'),
        )

    def __call__(self, method, *arguments):
        self.process.stdin.write(json.dumps([method, *arguments]) + '\n')
        answer = json.loads(self.process.stdout.readline())
        assert answer['OK'], answer
        return answer.get('Value')

    def done(self, method, *arguments):
        """What succeeded, where nothing failed."""
        value = self(method, *arguments)
        assert value['Failed'] == {}, value
        return value['Successful']

    def failed(self, method, *arguments):
        value = self(method, *arguments)
        assert value['Successful'] == {}, value
        return value['Failed']

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope='module')
def catalogue(root, storages):
    python = os.environ.get('SLUICE_INTEROP_DIRAC')
    if not python:
        pytest.skip('DIRAC is not installed here')
    opened = Catalogue(python, root)
    yield opened
    opened.close()


@pytest.fixture(scope='module')
def tree(client, tag):
    """A VO with its scopes, and two storage elements of DIRAC's: names, but no bytes."""
    return Tree(client, tag)


class Tree:
    def __init__(self, client, tag):
        self.vo, self.scope = f'vo-{tag}', f'raw-{tag}'
        self.rses = [f'DIRAC-{tag.upper()}-{n}' for n in (1, 2)]
        for scope in (self.vo, self.scope):
            client.add_scope(client.account, scope)
        for rse in self.rses:
            client.add_rse(rse)
            client.add_protocol(rse, {
                'scheme': 'https', 'hostname': f'{rse.lower()}.example.org', 'port': 443,
                'prefix': '/data/', 'impl': 'rucio.rse.protocols.webdav.Default',
                'domains': {'lan': {'read': 1, 'write': 1, 'delete': 1}, 'wan': {'read': 1, 'write': 1, 'delete': 1}},
            })
            client.add_rse_attribute(rse, 'ANY', True)
            client.set_local_account_limit(client.account, rse, 10**15)
        client.add_rse_attribute(self.rses[1], 'lfn2pfn_algorithm', 'dirac')

    def path(self, *parts):
        return '/'.join(['', self.vo, self.scope, *parts])

    def file(self, **more):
        return {'SE': self.rses[0], 'PFN': '', 'Size': 1000, 'Checksum': '0cc737eb', 'GUID': GUID, **more}


@pytest.fixture(scope='module')
def run(catalogue, tree):
    """A directory of 120 files: more than DIRAC sends in one request."""
    files = [tree.path('2026', 'run1', f'KM3NeT_{n:08}.root') for n in range(120)]
    assert catalogue.done('exists', files[:2]) == {files[0]: False, files[1]: False}
    added = catalogue.done('addFile', {lfn: tree.file() for lfn in files})
    assert added == {lfn: True for lfn in files}
    return files


def test_files_are_added_with_their_directories(catalogue, tree, run, client):
    assert all(catalogue.done('exists', run).values())
    above = [tree.path('2026', 'run1'), tree.path('2026'), tree.path(), f'/{tree.vo}']
    assert catalogue.done('isDirectory', above) == {path: True for path in above}
    assert catalogue.done('isFile', [run[0], above[0]]) == {run[0]: True, above[0]: False}
    [rule] = client.list_did_rules(tree.scope, run[0])
    assert (rule['rse_expression'], rule['copies'], rule['state']) == (tree.rses[0], 1, 'OK')
    anywhere = lambda: [(r['rse_expression'], r['grouping'], r['state']) for r in client.list_did_rules(tree.scope, above[0])]
    eventually(lambda: anywhere() == [('ANY=true', 'NONE', 'OK')])


def test_adding_them_again_changes_nothing(catalogue, tree, run):
    assert catalogue.done('addFile', {run[0]: tree.file(Size=7)}) == {run[0]: True}
    assert catalogue.done('getFileSize', run[:1]) == {run[0]: 1000}


def test_sizes_and_metadata(catalogue, tree, run):
    assert catalogue.done('getFileSize', [run[0], tree.path('2026')]) == {run[0]: 1000, tree.path('2026'): 0}
    found = catalogue.done('getFileMetadata', [run[0], tree.path('2026', 'run1')])
    assert {key: found[run[0]][key] for key in ('Size', 'Checksum', 'ChecksumType', 'GUID')} == {
        'Size': 1000, 'Checksum': '0cc737eb', 'ChecksumType': 'AD', 'GUID': GUID.lower()}
    assert found[run[0]]['CreationDate'].startswith('20')
    assert found[tree.path('2026', 'run1')]['NumberOfLinks'] == 120
    none = tree.path('2026', 'none')
    assert catalogue.failed('getFileMetadata', [none]) == {none: 'No such file or directory'}
    assert catalogue.failed('getFileSize', [none]) == {none: 'No such file or directory'}


def test_replicas_and_another_one(catalogue, tree, run, client):
    first, second = tree.rses
    found = catalogue.done('getReplicas', run)
    assert len(found) == 120
    assert list(found[run[0]]) == [first]
    assert found[run[0]][first].startswith(f'https://{first.lower()}.example.org:443/data/')
    assert found[run[0]][first].endswith(run[0])
    added = catalogue.done('addReplica', {run[0]: {'SE': second, 'PFN': ''}})
    assert added == {run[0]: True}
    found = catalogue.done('getReplicas', run[:1])[run[0]]
    assert set(found) == {first, second}
    assert found[second] == f'https://{second.lower()}.example.org:443/data{run[0]}'
    assert next(client.get_did_from_pfns([found[second]])) == {
        found[second]: {'scope': tree.scope, 'name': run[0]}}


def test_directories_are_listed(catalogue, tree, run):
    year, day = tree.path('2026'), tree.path('2026', 'run1')
    found = catalogue.done('listDirectory', [year, day])
    assert list(found[year]['SubDirs']) == [day]
    assert set(found[day]['Files']) == set(run)
    assert found[day]['Files'][run[1]]['Metadata'] == {'GUID': GUID.lower(), 'Mode': 436, 'Size': 1000}
    assert list(found[day]['Files'][run[1]]['Replicas']) == tree.rses[:1]
    assert catalogue.failed('listDirectory', [tree.path('none')]) == {tree.path('none'): 'No such file or directory'}


def test_directory_sizes(catalogue, tree, run):
    year, day = tree.path('2026'), tree.path('2026', 'run1')
    found = catalogue.done('getDirectorySize', [year, day])
    assert (found[day]['Files'], found[day]['TotalSize']) == (120, 120_000)
    assert found[day]['SiteUsage'][tree.rses[0]] == {'Files': 120, 'Size': 120_000}
    assert list(found[year]['SubDirs']) == [day]


def test_user_metadata_of_a_file_and_of_what_it_is_in(catalogue, tree, run, client):
    catalogue('setMetadata', tree.path('2026', 'run1'), {'detector': 'D0ARCA030', 'campaign': 'arca', 'season': 'winter'})
    catalogue('setMetadata', run[0], {'showers': 2500, 'season': 'spring'})
    found = catalogue.done('getFileUserMetadata', run[0])[run[0]]
    assert {key: found[key] for key in ('detector', 'campaign', 'season', 'showers')} == {
        'detector': 'D0ARCA030', 'campaign': 'arca', 'season': 'spring', 'showers': 2500}
    catalogue('setMetadataBulk', {run[1]: {'showers': 1500}, run[2]: {'showers': 3500}})
    # DIRAC's own removeMetadata fails before it asks anybody: it takes the path for a text, and is given a dict.
    client.delete_metadata(tree.scope, run[0], 'season')
    assert catalogue.done('getFileUserMetadata', run[0])[run[0]]['season'] == 'winter'


def test_files_are_found_by_metadata_of_either_kind_and_of_both(catalogue, tree, run):
    found = lambda **query: set(catalogue('findFilesByMetadata', query))
    assert found(showers={'>=': 2500}) >= {run[0], run[2]}
    assert run[1] not in found(showers={'>=': 2500})
    assert tree.path('2026', 'run1') in found(campaign='arca')
    mixed = {'showers': {'>': 2000}, 'guid': GUID.lower().replace('-', ''), 'bytes': 1000}
    assert set(catalogue('findFilesByMetadata', mixed)) >= {run[0], run[2]}
    either = {'showers': {'in': [1500, 3500]}, 'bytes': 1000}
    assert {run[1], run[2]} <= set(catalogue('findFilesByMetadata', either))


def test_a_directory_is_files_or_directories(catalogue, tree, run):
    lfn = tree.path('2026', 'readme.txt')
    refused = catalogue.failed('addFile', {lfn: tree.file()})
    assert tree.path('2026') in refused[lfn]


def test_replicas_files_and_directories_are_removed(catalogue, tree, run, client):
    last = run[-1]
    assert catalogue.done('removeReplica', {last: {'SE': tree.rses[0], 'PFN': ''}}) == {last: True}
    eventually(lambda: list(client.list_did_rules(tree.scope, last)) == [])
    assert catalogue.done('removeFile', [last]) == {last: True}
    day = tree.path('2026', 'run1')
    assert last not in catalogue.done('listDirectory', [day])[day]['Files']
    other = tree.path('2026', 'run2', 'f1')
    catalogue.done('addFile', {other: tree.file()})
    assert catalogue.done('removeDirectory', [tree.path('2026', 'run2')]) == {tree.path('2026', 'run2'): True}
    assert client.get_did(tree.scope, tree.path('2026', 'run2'))['expired_at'] is not None
    assert catalogue.failed('removeDirectory', [other]) == {other: 'Not a directory'}
