"""Bytes: upload and download over signed URLs, without any certificate, by a user who is no admin."""
import json
import ssl
import urllib.error
import urllib.request

import pytest

from conftest import LONG_NAME, adler32
from looking import counted, eventually, same_bytes, squeezed

RUN = 'KM3NeT_00000267_00025291'


@pytest.fixture(scope='module')
def uploaded(scientist, desk, disks, runs):
    """A run of KM3NeT, uploaded into a dataset: its DID and its files."""
    files = [path for name, path in runs.items() if name.startswith(RUN)]
    assert len(files) == 2
    did = f'{desk}:{RUN}'
    scientist('upload', '--rse', disks[0], '--scope', desk, *files, did)
    return did, files


def test_an_upload_makes_files_a_dataset_and_a_rule_that_is_ok(scientist, uploaded, disks):
    did, files = uploaded
    listing = scientist('list-files', did)
    checksums = {(row[0].split(':')[1], row[2]) for row in listing.rows()[1:]}
    assert checksums == {(path.name, f'ad:{adler32(path)}') for path in files}
    assert 'Total files : 2' in listing.out
    eventually(lambda: f'OK[2/0/0]  {disks[0]}' in squeezed(scientist('rule', 'list', '--did', did)))


def test_a_dataset_is_downloaded_and_summed_up(scientist, uploaded, tmp_path):
    did, files = uploaded
    download = scientist('download', '--dir', tmp_path, did)
    same_bytes(tmp_path, files)
    assert f'DID {did}' in download.out
    assert counted(download) == {
        'Total files (DID)': 2,
        'Total files (filtered)': 2,
        'Downloaded files': 2,
        'Files already found locally': 0,
        'Files that cannot be downloaded': 0,
    }
    again = counted(scientist('download', '--dir', tmp_path, did))
    assert again['Downloaded files'] == 0
    assert again['Files already found locally'] == 2


def test_a_file_is_downloaded_by_a_process_of_its_own(scientist, uploaded, tmp_path):
    did, files = uploaded
    download = scientist.alone('download', '--no-subdir', '--dir', tmp_path, f'{did.split(":")[0]}:{files[0].name}')
    assert download.code == 0, download.text
    same_bytes(tmp_path, files[:1])


def test_a_name_of_133_characters_goes_up_and_comes_back(scientist, desk, disks, runs, tmp_path):
    original = tmp_path / LONG_NAME
    original.write_bytes(runs['events_sample.root'].read_bytes()[:100_000])
    scientist('upload', '--rse', disks[0], '--scope', desk, original)
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:{LONG_NAME}')
    same_bytes(tmp_path / 'back', [original])


def test_a_file_is_registered_after_its_upload(scientist, desk, disks, runs, tmp_path):
    original = tmp_path / 'after.root'
    original.write_bytes(runs['events_sample.root'].read_bytes()[:200_000])
    scientist('upload', '--rse', disks[0], '--scope', desk, '--register-after-upload', original)
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:after.root')
    same_bytes(tmp_path / 'back', [original])


def test_an_empty_file_goes_up_and_comes_back(scientist, client, desk, disks, tmp_path):
    original = tmp_path / 'empty.root'
    original.touch()
    # Without this the client looks for an empty file's size again and again, for a minute.
    client.add_rse_attribute(disks[0], 'skip_upload_stat', True)
    try:
        scientist('upload', '--rse', disks[0], '--scope', desk, original)
    finally:
        client.delete_rse_attribute(disks[0], 'skip_upload_stat')
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:empty.root')
    same_bytes(tmp_path / 'back', [original])


def test_the_client_writes_what_it_uploaded_into_a_summary(scientist, desk, disks, runs, tmp_path):
    original = tmp_path / 'summed-up.root'
    original.write_bytes(runs['events_sample.root'].read_bytes()[:50_000])
    scientist('upload', '--rse', disks[0], '--scope', desk, '--summary', original, cwd=tmp_path)
    summary = json.loads((tmp_path / 'rucio_upload.json').read_text())
    entry = summary[f'{desk}:summed-up.root']
    assert entry['adler32'] == adler32(original)
    assert entry['bytes'] == 50_000
    assert entry['rse'] == disks[0]


def test_the_same_name_with_other_bytes_is_refused(scientist, desk, disks, tmp_path):
    original = tmp_path / 'first' / 'named-twice.root'
    original.parent.mkdir()
    original.write_bytes(b'first')
    scientist('upload', '--rse', disks[0], '--scope', desk, original)
    other = tmp_path / 'second' / 'named-twice.root'
    other.parent.mkdir()
    other.write_bytes(b'other')
    scientist('upload', '--rse', disks[0], '--scope', desk, other, code=None)
    scientist('download', '--dir', tmp_path / 'back', f'{desk}:named-twice.root')
    same_bytes(tmp_path / 'back', [original])


def test_a_rule_brings_a_second_copy_that_can_be_downloaded(scientist, uploaded, disks, tmp_path):
    did, files = uploaded
    rule = scientist('rule', 'add', did, '--copies', '1', '--rses', disks[1]).out.strip()
    eventually(lambda: 'State:  OK' in squeezed(scientist('rule', 'show', rule)))
    scientist('download', '--rses', disks[1], '--dir', tmp_path, did)
    same_bytes(tmp_path, files)


def test_a_query_over_both_kinds_of_metadata_finds_a_run_of_the_demo(scientist, server, client, storages, tmp_path):
    found = scientist('did', 'list', '--short', f'{server["scope"]}:*', '--filter',
                      'type=DATASET,datatype=RAW,run_number.gte=1').out.split()
    assert found, 'the demo has no raw dataset'
    detector = client.get_metadata(*found[0].split(':'), plugin='ALL').get('detector')
    assert detector
    mixed = scientist('did', 'list', '--short', f'{server["scope"]}:*', '--filter',
                      f'type=DATASET,datatype=RAW,detector={detector}').out.split()
    assert found[0] in mixed
    scientist('download', '--dir', tmp_path, found[0])
    scope, dataset = found[0].split(':')
    for file in client.list_files(scope, dataset):
        assert adler32(tmp_path / dataset / file['name']) == file['adler32']


def test_the_storage_refuses_whoever_brings_no_token(uploaded, client):
    did, files = uploaded
    scope = did.split(':')[0]
    replica = next(client.list_replicas([{'scope': scope, 'name': files[0].name}], schemes=['https']))
    address = next(iter(replica['pfns'])).split('?')[0]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, context=ssl._create_unverified_context(), timeout=10)
    assert refused.value.code in (401, 403)
