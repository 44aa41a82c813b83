"""Files inside of archives: found, fetched with their archive and unpacked by the official client."""
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

from conftest import adler32
from looking import counted, same_bytes

INSIDE = ['event.1.root', 'event.2.root', 'event.3.root']
METALINK = '{urn:ietf:params:xml:ns:metalink}'


@pytest.fixture(scope='module')
def members(tmp_path_factory):
    """Three local files, nowhere uploaded by themselves."""
    home = tmp_path_factory.mktemp('members')
    for name in INSIDE:
        (home / name).write_bytes(f'{name} in the deep sea '.encode() * 200)
    return [home / name for name in INSIDE]


@pytest.fixture(scope='module')
def archives(scientist, client, researcher, desk, disks, members, tmp_path_factory):
    """All three in a .zip file, the first two also in a .tar file: DIDs of the archives."""
    home = tmp_path_factory.mktemp('archives')
    packed, bundled = home / 'events.zip', home / 'events.tar'
    with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, member.name)
    subprocess.run(['tar', '-C', members[0].parent, '-cf', bundled, *INSIDE[:2]], check=True)
    scientist('upload', '--rse', disks[0], '--scope', desk, packed, bundled)
    researcher.add_files_to_archive(desk, packed.name, [
        {'scope': desk, 'name': member.name, 'bytes': member.stat().st_size, 'adler32': adler32(member)}
        for member in members
    ])
    # What is known already needs no size: the command line can do it.
    scientist('attach', f'{desk}:{bundled.name}', *(f'{desk}:{name}' for name in INSIDE[:2]))
    return f'{desk}:{packed.name}', f'{desk}:{bundled.name}'


def test_an_archive_knows_what_it_holds(client, archives, desk):
    for archive, inside in zip(archives, (INSIDE, INSIDE[:2])):
        content = list(client.list_archive_content(*archive.split(':')))
        assert [file['name'] for file in content] == inside
        assert client.get_metadata(*archive.split(':'))['is_archive'] is True
    assert client.get_metadata(desk, INSIDE[0])['constituent'] is True


def test_a_member_is_listed_where_its_archives_are(scientist, client, archives, desk, disks):
    [row] = client.list_replicas([{'scope': desk, 'name': INSIDE[0]}], resolve_archives=True)
    assert {facts['domain'] for facts in row['pfns'].values()} == {'zip'}
    assert all(facts['client_extract'] and facts['rse'] == disks[0] for facts in row['pfns'].values())
    assert len(row['pfns']) == 2 and all(f'xrdcl.unzip={INSIDE[0]}' in pfn for pfn in row['pfns'])
    table = scientist('list-file-replicas', f'{desk}:{INSIDE[2]}')
    assert 'events.zip' in table.out
    plain = scientist('list-file-replicas', '--no-resolve-archives', f'{desk}:{INSIDE[2]}')
    assert 'events.zip' not in plain.out


def test_a_metalink_says_that_the_client_unpacks(scientist, archives, desk, disks):
    text = scientist('list-file-replicas', '--metalink', f'{desk}:{INSIDE[2]}').out
    [url] = ElementTree.fromstring(text).iter(f'{METALINK}url')
    assert url.attrib == {'location': disks[0], 'domain': 'zip', 'priority': '1', 'client_extract': 'true'}


def test_one_member_is_fetched_and_unpacked(scientist, archives, desk, members, tmp_path):
    scientist('download', '--dir', tmp_path, f'{desk}:{INSIDE[1]}')
    assert [path.name for path in (tmp_path / desk).iterdir()] == [INSIDE[1]]
    same_bytes(tmp_path, [members[1]])


def test_an_archive_that_is_named_is_the_one_that_would_be_taken(scientist, archives, desk, members, tmp_path):
    said = scientist('download', '--dir', tmp_path, '--archive-did', archives[0], f'{desk}:{INSIDE[1]}')
    assert 'Archives are treated transparently' in said.text
    same_bytes(tmp_path, [members[1]])


def test_all_members_come_with_one_archive(scientist, archives, desk, members, tmp_path):
    said = scientist('download', '--dir', tmp_path, *(f'{desk}:{name}' for name in INSIDE))
    assert 'Using main thread to download 1 file(s)' in said.text
    same_bytes(tmp_path, members)


def test_a_dataset_of_members_is_downloaded(scientist, client, archives, desk, members, tmp_path):
    client.add_dataset(desk, 'events')
    client.attach_dids(desk, 'events', [{'scope': desk, 'name': name} for name in INSIDE])
    scientist('download', '--dir', tmp_path, f'{desk}:events')
    same_bytes(tmp_path, members)


def test_a_member_with_a_copy_of_its_own_needs_no_archive(scientist, archives, desk, disks, members, tmp_path):
    scientist('upload', '--rse', disks[1], '--scope', desk, members[2])
    said = scientist('download', '--dir', tmp_path, f'{desk}:{INSIDE[2]}')
    assert 'Extracting' not in said.text
    assert counted(said)['Downloaded files'] == 1
    same_bytes(tmp_path, [members[2]])


def test_the_archive_itself_is_a_file(scientist, archives, tmp_path):
    scientist('download', '--no-subdir', '--dir', tmp_path, archives[0])
    assert zipfile.ZipFile(tmp_path / 'events.zip').namelist() == INSIDE
