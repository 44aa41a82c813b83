"""Mounted file systems: the client writes and reads the mount itself, Sluice moves from and to it.

SLUICE_INTEROP_MOUNT is a directory of this machine in `storage.posixRoots` of the server.
"""
import json
import os
from pathlib import Path

import pytest

from conftest import adler32
from looking import eventually, same_bytes, squeezed

EVERYTHING = {'read': 1, 'write': 1, 'delete': 1}
DOMAINS = json.dumps({
    'lan': EVERYTHING,
    'wan': {**EVERYTHING, 'third_party_copy_read': 1, 'third_party_copy_write': 1},
})


@pytest.fixture(scope='module')
def mount():
    directory = os.environ.get('SLUICE_INTEROP_MOUNT')
    if not directory:
        pytest.skip('this server has no mounted file system of ours')
    return Path(directory)


@pytest.fixture(scope='module')
def mounted(root, scientist, desk, tag, mount):
    """An RSE at a mounted file system, defined as docs/storage.md says: its name and its directory."""
    rse = f'MOUNTED-{tag.upper()}'
    lake = mount / tag / 'lake'
    lake.mkdir(parents=True)
    root('rse', 'add', rse)
    for key, value in (('verify_uploads', 'true'), ('greedyDeletion', 'true')):
        root('rse', 'attribute', 'set', rse, '--key', key, '--value', value)
    root('rse', 'protocol', 'add', rse, '--scheme', 'file', '--hostname', 'localhost', '--port', '0',
         '--prefix', f'{lake}/', '--impl', 'rucio.rse.protocols.posix.Default',
         '--domain-json', DOMAINS)
    root('account', 'limit', 'set', scientist.account, '--rse', rse, '--bytes', '10000000000')
    return rse, lake


@pytest.fixture(scope='module')
def uploaded(scientist, desk, mounted, runs, tmp_path_factory):
    """A file of KM3NeT at the mount, and where it came from."""
    original = tmp_path_factory.mktemp('shore') / 'mounted.root'
    original.write_bytes(runs['events_sample.root'].read_bytes()[:300_000])
    scientist('upload', '--rse', mounted[0], '--scope', desk, original)
    return f'{desk}:{original.name}', original


def test_an_upload_stands_on_the_mount_and_its_rule_is_ok(scientist, client, mounted, uploaded):
    rse, lake = mounted
    did, original = uploaded
    same_bytes(lake, [original])
    eventually(lambda: f'OK[1/0/0]  {rse}' in squeezed(scientist('rule', 'list', '--did', did)))
    scope, name = did.split(':')
    replica = next(client.list_replicas([{'scope': scope, 'name': name}]))
    [pfn] = replica['pfns']
    assert pfn.startswith(f'file://localhost{lake}/user/')
    assert replica['adler32'] == adler32(original)


def test_a_download_copies_from_the_mount(scientist, mounted, uploaded, tmp_path):
    did, original = uploaded
    scientist('download', '--rses', mounted[0], '--dir', tmp_path, did)
    same_bytes(tmp_path, [original])


def test_a_rule_copies_from_the_mount_to_an_https_storage(scientist, disks, uploaded, tmp_path):
    did, original = uploaded
    rule = scientist('rule', 'add', did, '--copies', '1', '--rses', disks[0]).out.strip()
    eventually(lambda: 'State:  OK' in squeezed(scientist('rule', 'show', rule)))
    scientist('download', '--rses', disks[0], '--dir', tmp_path, did)
    same_bytes(tmp_path, [original])


def test_a_rule_brings_a_file_to_the_mount_and_its_end_takes_it_away(
    scientist, desk, disks, mounted, runs, tmp_path,
):
    rse, lake = mounted
    original = tmp_path / 'brought.root'
    original.write_bytes(runs['events_sample.root'].read_bytes()[300_000:600_000])
    did = f'{desk}:{original.name}'
    scientist('upload', '--rse', disks[0], '--scope', desk, original)
    rule = scientist('rule', 'add', did, '--copies', '1', '--rses', rse).out.strip()
    eventually(lambda: 'State:  OK' in squeezed(scientist('rule', 'show', rule)))
    same_bytes(lake, [original])
    scientist('rule', 'remove', rule)
    eventually(lambda: not list(lake.rglob(original.name)))
    scientist('download', '--dir', tmp_path / 'back', did)
    same_bytes(tmp_path / 'back', [original])


def test_a_directory_that_is_not_allowed_is_no_storage(root, scientist, client, uploaded, tag):
    rse = f'ETC-{tag.upper()}'
    root('rse', 'add', rse)
    root('rse', 'protocol', 'add', rse, '--scheme', 'file', '--hostname', 'localhost', '--port', '0',
         '--prefix', '/etc/', '--impl', 'rucio.rse.protocols.posix.Default', '--domain-json', DOMAINS)
    root('account', 'limit', 'set', scientist.account, '--rse', rse, '--bytes', '10000000000')
    did, _ = uploaded
    rule = scientist('rule', 'add', did, '--copies', '1', '--rses', rse).out.strip()
    eventually(lambda: client.get_replication_rule(rule)['state'] == 'STUCK')
    assert 'storage.posixRoots' in scientist('rule', 'show', rule, '--examine').out
