"""Bytes at XRootDs that believe nothing but Sluice's tokens, by a user without any certificate."""
import ssl
import urllib.error
import urllib.request

import pytest

from conftest import LONG_NAME, adler32
from looking import counted, eventually, same_bytes, squeezed

RUN = 'KM3NeT_00000267_00025291'
SHORE, PULLS, STREAMS = 'SHORE-DISK', 'EU-DISK', 'NA-DISK'


@pytest.fixture(scope='module')
def uploaded(scientist, desk, runs):
    """A run of KM3NeT, uploaded into a dataset: its DID and its files."""
    files = [path for name, path in runs.items() if name.startswith(RUN)]
    assert len(files) == 2
    did = f'{desk}:{RUN}'
    scientist('upload', '--rse', SHORE, '--scope', desk, *files, did)
    return did, files


def refused(address, method, server):
    """The status that a storage answers to whoever brings this address and nothing else."""
    context = ssl.create_default_context(cafile=server['ca'])
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(
            urllib.request.Request(address, method=method), context=context, timeout=10)
    return refusal.value.code


def tools_of(client, rse, names):
    """The transfer tools that brought these files to an RSE, from wherever."""
    sources = {SHORE, PULLS, STREAMS} - {rse}
    rows = [row for source in sources for row in client.list_requests_history(source, rse, 'D')]
    return {row['transfertool'] for row in rows if row['name'] in names}


def test_an_upload_puts_the_bytes_into_the_storage(uploaded, desk, shelf):
    _, files = uploaded
    for path in files:
        assert shelf(SHORE, desk, path.name).read_bytes() == path.read_bytes()


def test_its_rule_is_ok(scientist, uploaded):
    did, _ = uploaded
    eventually(lambda: f'OK[2/0/0]  {SHORE}' in squeezed(scientist('rule', 'list', '--did', did)))


def test_a_download_brings_them_back_and_checks_them(scientist, uploaded, tmp_path):
    did, files = uploaded
    download = counted(scientist('download', '--dir', tmp_path, did))
    assert (download['Downloaded files'], download['Files that cannot be downloaded']) == (2, 0)
    same_bytes(tmp_path, files)


def test_both_work_as_processes_of_their_own(scientist, desk, runs, tmp_path):
    original = tmp_path / LONG_NAME
    original.write_bytes(runs['events_sample.root'].read_bytes()[:100_000])
    up = scientist.alone('upload', '--rse', SHORE, '--scope', desk, original)
    assert up.code == 0, up.text
    down = scientist.alone('download', '--dir', tmp_path / 'back', f'{desk}:{LONG_NAME}')
    assert down.code == 0, down.text
    same_bytes(tmp_path / 'back', [original])


def test_a_file_is_registered_after_its_upload(scientist, desk, runs, tmp_path):
    original = tmp_path / 'after.root'
    original.write_bytes(runs['events_sample.root'].read_bytes()[:200_000])
    scientist('upload', '--rse', SHORE, '--scope', desk, '--register-after-upload', original)
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:after.root')
    same_bytes(tmp_path / 'back', [original])


def test_nobody_reads_or_deletes_without_a_token(client, server, uploaded, desk, shelf):
    _, files = uploaded
    name = files[0].name
    [pfn] = client.lfns2pfns(SHORE, [f'{desk}:{name}']).values()
    assert [refused(pfn, method, server) for method in ('GET', 'DELETE')] == [403, 403]
    assert adler32(shelf(SHORE, desk, name)) == adler32(files[0])


def test_the_users_own_url_for_reading_does_not_delete(researcher, server, uploaded, desk, shelf):
    _, files = uploaded
    name = files[0].name
    replica = next(researcher.list_replicas([{'scope': desk, 'name': name}], schemes=['https']))
    # As `rucio download` asks for it.
    address = next(iter(replica['pfns']))
    signed = address if 'authz=' in address else researcher.get_signed_url(SHORE, 's3', 'read', address)
    assert refused(signed, 'DELETE', server) == 403
    assert shelf(SHORE, desk, name).exists()


# In this order: where one of two storages could push, bytes would not stream.
@pytest.mark.parametrize('rse, tool', [(STREAMS, 'stream'), (PULLS, 'http-tpc')])
def test_a_rule_moves_bytes_with_minted_tokens(
        scientist, client, uploaded, desk, shelf, tmp_path, rse, tool):
    did, files = uploaded
    rule = scientist('rule', 'add', did, '--copies', '1', '--rses', rse).out.strip()
    eventually(lambda: 'State:  OK' in squeezed(scientist('rule', 'show', rule)))
    for path in files:
        assert shelf(rse, desk, path.name).read_bytes() == path.read_bytes()
    assert tools_of(client, rse, [path.name for path in files]) == {tool}
    scientist('download', '--rses', rse, '--dir', tmp_path, did)
    same_bytes(tmp_path, files)


@pytest.mark.parametrize('rse', [PULLS, STREAMS])
def test_the_reaper_deletes_with_minted_tokens(scientist, client, uploaded, desk, shelf, rse):
    did, files = uploaded
    [rule] = [row for row in client.list_did_rules(*did.split(':')) if row['rse_expression'] == rse]
    there = [shelf(rse, desk, path.name) for path in files]
    assert all(path.exists() for path in there)
    client.update_replication_rule(rule['id'], {'lifetime': 0})
    eventually(lambda: not any(path.exists() for path in there))
    kept = [shelf(SHORE, desk, path.name) for path in files]
    assert all(path.exists() for path in kept)
