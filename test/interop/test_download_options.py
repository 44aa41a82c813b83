"""What `rucio download` can be told, and what it does where a source is bad."""
import re
import shutil

import pytest

from conftest import adler32
from looking import counted, eventually, same_bytes

NAMES = [f'read.{number}.root' for number in range(1, 5)]
RUN, ALL, EVERYTHING = 'read.run', 'read.all', 'read.everything'


@pytest.fixture(scope='module')
def originals(tmp_path_factory):
    """Four local files by name."""
    home = tmp_path_factory.mktemp('originals')
    for name in NAMES:
        (home / name).write_bytes(f'{name} is light in the deep sea '.encode() * 100)
    return {name: home / name for name in NAMES}


@pytest.fixture(scope='module')
def run(scientist, client, desk, disks, originals):
    """A dataset of the four, in a container of a container; two of them have a second copy."""
    scientist('upload', '--rse', disks[0], '--scope', desk, *originals.values(), f'{desk}:{RUN}')
    scientist('upload', '--rse', disks[1], '--scope', desk, *list(originals.values())[:2])
    for container, inside in ((ALL, RUN), (EVERYTHING, ALL)):
        client.add_container(desk, container)
        client.attach_dids(desk, container, [{'scope': desk, 'name': inside}])
    client.set_metadata(desk, NAMES[2], 'run_number', 25291)
    return f'{desk}:{RUN}'


@pytest.fixture
def download(scientist, run, tmp_path):
    return lambda *words, **how: scientist('download', '--dir', tmp_path, *words, **how)


def found(directory):
    return sorted(path.name for path in directory.rglob('*.root'))


def test_a_container_of_containers_is_its_files(download, desk, originals, tmp_path):
    summary = counted(download(f'{desk}:{EVERYTHING}'))
    assert summary['Downloaded files'] == 4
    same_bytes(tmp_path / EVERYTHING, originals.values())


def test_a_wildcard_finds_files(download, desk, originals, tmp_path):
    download(f'{desk}:read.*.root')
    same_bytes(tmp_path / desk, originals.values())


def test_several_dids_that_overlap_are_downloaded_once(download, desk, tmp_path):
    download(f'{desk}:{RUN}', f'{desk}:{NAMES[0]}')
    assert found(tmp_path) == sorted([*NAMES, NAMES[0]])


def test_some_files_are_drawn_at_random(download, run, tmp_path):
    assert counted(download('--nrandom', 2, run))['Downloaded files'] == 2
    assert len(found(tmp_path)) == 2


def test_as_many_as_asked_for_are_drawn_though_few_have_a_copy_there(download, run, disks, tmp_path):
    download('--nrandom', 2, '--rses', disks[1], run)
    assert found(tmp_path) == NAMES[:2]


def test_a_filter_finds_files_of_a_scope(download, desk, tmp_path):
    download('--filter', 'run_number=25291', '--scope', desk)
    assert found(tmp_path) == [NAMES[2]]


def test_without_subdirectories(download, run, tmp_path):
    download('--no-subdir', run)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


@pytest.mark.parametrize('selection', ['random', 'geoip'])
def test_copies_are_chosen_as_asked_for(download, run, selection, originals, tmp_path):
    download('--replica-selection', selection, run)
    same_bytes(tmp_path, originals.values())


def test_as_many_processes_as_asked_for(download, run, originals, tmp_path):
    said = download('--ndownloader', 2, run)
    assert 'Using 2 threads to download 4 files' in said.text
    same_bytes(tmp_path, originals.values())


def test_a_time_limit_by_the_slowest_speed(download, run, originals, tmp_path):
    download('--transfer-speed-timeout', 100, run)
    same_bytes(tmp_path, originals.values())


@pytest.mark.skipif(shutil.which('aria2c') is None, reason='aria2 is not installed')
def test_aria_fetches_by_the_urls_of_a_listing(scientist, run, originals, monkeypatch, tmp_path):
    # The client names a bundle of authorities of CERN's machines, which no other has, and a certificate
    # of the user, without which aria2 does not start; what the storages look at is in the URLs.
    settings = scientist.home / '.aria2' / 'aria2.conf'
    settings.parent.mkdir(exist_ok=True)
    settings.write_text('check-certificate=false\n')
    (tmp_path / 'none.pem').touch()
    monkeypatch.setitem(scientist.environment, 'X509_USER_PROXY', str(tmp_path / 'none.pem'))
    said = scientist.alone('download', '--dir', tmp_path, '--aria', 'true', run)
    assert 'Starting aria2c' in said.text and said.code == 0
    same_bytes(tmp_path, originals.values())


def test_one_rse_only(download, run, disks, originals, tmp_path):
    said = download('--rses', disks[1], run, code=None)
    assert found(tmp_path) == NAMES[:2]
    same_bytes(tmp_path, [originals[name] for name in NAMES[:2]])
    assert disks[0] not in said.text


def test_one_scheme_and_one_implementation_only(download, run, desk, originals, tmp_path):
    download('--protocol', 'https', '--impl', 'webdav.NoRename', run)
    same_bytes(tmp_path, originals.values())
    said = download('--protocol', 'root', '--no-subdir', f'{desk}:{NAMES[0]}', code=None)
    assert 'None of the requested files have been downloaded' in said.text


def test_a_physical_name_as_it_was_listed(scientist, download, run, desk, disks, originals, tmp_path):
    did = f'{desk}:{NAMES[0]}'
    [pfn] = scientist('replica', 'list', 'file', '--pfns', '--rses', disks[1], did).out.split()
    download('--pfn', pfn, '--rses', disks[1], did)
    same_bytes(tmp_path, [originals[NAMES[0]]])


def test_an_unknown_name_is_no_file(download, desk, run, tmp_path):
    said = download(f'{desk}:{NAMES[0]}.not-there', code=None)
    assert 'None of the requested files have been downloaded' in said.text
    assert found(tmp_path) == []


@pytest.fixture
def damaged(scientist, client, desk, disks, shelf, tmp_path_factory, request):
    """A file with two copies, of which the client's first choice was changed at the storage."""
    name = request.node.name.replace('_', '-')
    path = tmp_path_factory.mktemp('damaged') / name
    path.write_bytes(b'light in the deep sea' * 500)
    for rse in disks[:2]:
        scientist('upload', '--rse', rse, '--scope', desk, path)
    [row] = client.list_replicas([{'scope': desk, 'name': name}])
    assert len(row['pfns']) == 2
    first = min(row['pfns'].values(), key=lambda pfn: pfn['priority'])['rse']
    shelf(first, desk, name).write_bytes(b'LIGHT' + path.read_bytes()[5:])
    return path, first


def test_where_the_first_copy_is_bad_the_second_is_taken(scientist, damaged, desk, tmp_path):
    path, first = damaged
    said = scientist('download', '--dir', tmp_path, f'{desk}:{path.name}')
    same_bytes(tmp_path, [path])
    assert said.text.count('Checksum validation failed') == 2
    assert re.search(f'Trying to download with https .* from {first}', said.text)


def test_where_the_only_copy_asked_for_is_bad_there_is_no_file(scientist, damaged, desk, tmp_path):
    path, first = damaged
    scientist('download', '--dir', tmp_path, '--rses', first, f'{desk}:{path.name}', code=None)
    assert list(tmp_path.rglob(path.name)) == []
    scientist('download', '--dir', tmp_path, '--rses', first, '--ignore-checksum', f'{desk}:{path.name}')
    assert (tmp_path / desk / path.name).read_bytes()[:5] == b'LIGHT'


def test_what_is_there_already_is_looked_at(download, desk, originals, tmp_path):
    did, local = f'{desk}:{NAMES[0]}', tmp_path / desk / NAMES[0]
    local.parent.mkdir()
    local.write_bytes(b'?' + originals[NAMES[0]].read_bytes()[1:])
    summary = counted(download('--check-local-with-filesize-only', did))
    assert summary['Files already found locally'] == 1
    assert counted(download(did))['Downloaded files'] == 1
    assert adler32(local) == adler32(originals[NAMES[0]])


def test_tape_is_read_by_admins_that_say_so(scientist, root, client, desk, disks, originals, run, tmp_path):
    did = f'{desk}:{NAMES[3]}'
    client.add_rse_attribute(disks[0], 'istape', True)
    try:
        for words in ([], ['--allow-tape']):
            said = scientist('download', '--dir', tmp_path, *words, did, code=None)
            assert 'only has replicas on tape' in said.text
        # The client asks for the attribute, not for the name.
        client.add_account_attribute(root.account, 'admin', True)
        root('download', '--dir', tmp_path, '--allow-tape', did)
    finally:
        client.delete_account_attribute(root.account, 'admin')
        client.delete_rse_attribute(disks[0], 'istape')
    same_bytes(tmp_path, [originals[NAMES[3]]])


def test_the_jobs_words_are_taken_along(scientist, run, desk, tmp_path):
    words = {'appid': 'job1', 'dataset': 'input', 'datasetscope': desk, 'eventtype': 'get_sm',
             'pq': 'QUEUE', 'taskid': '42', 'usrdn': '/CN=somebody'}
    options = [word for name, value in words.items() for word in (f'--trace-{name}', value)]
    scientist('download', '--dir', tmp_path, *options, f'{desk}:{NAMES[0]}')
    assert found(tmp_path) == [NAMES[0]]
