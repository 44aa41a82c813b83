"""Metalinks: valid XML that the official client downloads from, by everybody who may ask."""
import ssl
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import adler32
from looking import same_bytes

SPACE = '{urn:ietf:params:xml:ns:metalink}'
NAMES = ['linked.1.root', 'linked.2.root']


@pytest.fixture(scope='module')
def originals(tmp_path_factory):
    home = tmp_path_factory.mktemp('linked')
    for name in NAMES:
        (home / name).write_bytes(f'{name} in the deep sea '.encode() * 100)
    return [home / name for name in NAMES]


@pytest.fixture(scope='module')
def run(scientist, client, desk, disks, originals):
    """A dataset in two containers, one of them in a third; the first file has two copies."""
    did = f'{desk}:linked.run'
    scientist('upload', '--rse', disks[0], '--scope', desk, *originals, did)
    scientist('upload', '--rse', disks[1], '--scope', desk, originals[0])
    for container, inside in (('linked.year', 'linked.run'), ('linked.best', 'linked.run'), ('linked.all', 'linked.year')):
        client.add_container(desk, container)
        client.attach_dids(desk, container, [{'scope': desk, 'name': inside}])
    return did


def files(text):
    """The files of a metalink, by identity."""
    root = ElementTree.fromstring(text)
    assert root.tag == f'{SPACE}metalink'
    return {file.findtext(f'{SPACE}identity'): file for file in root}


def test_the_command_line_prints_one_that_can_be_downloaded(scientist, run, desk, disks, originals, tmp_path):
    printed = scientist('replica', 'list', 'file', '--metalink', run).out
    linked = files(printed)
    assert list(linked) == [f'{desk}:{name}' for name in NAMES]
    urls = list(linked[f'{desk}:{NAMES[0]}'].iter(f'{SPACE}url'))
    assert [url.get('location') for url in urls] == disks[:2]
    assert all('&' not in url.text.split('authz=')[0] for url in urls)
    (tmp_path / 'run.metalink').write_text(printed)
    scientist('download', '--metalink', 'run.metalink', '--dir', tmp_path / 'back', cwd=tmp_path)
    same_bytes(tmp_path / 'back', originals)


def test_everything_above_a_file_is_told_once(client, run, desk, originals):
    text = client.list_replicas([{'scope': desk, 'name': 'linked.all'}], metalink=True, resolve_parents=True)
    file = files(text)[f'{desk}:{NAMES[1]}']
    parents = [did.text for did in file.iter(f'{SPACE}did')]
    assert sorted(parents) == sorted(f'{desk}:linked.{name}' for name in ('run', 'year', 'best', 'all'))
    assert file.find(f'{SPACE}hash[@type="adler32"]').text == adler32(originals[1])
    assert int(file.findtext(f'{SPACE}size')) == originals[1].stat().st_size


def test_nothing_is_an_empty_document(client, run, desk):
    text = client.list_replicas([{'scope': desk, 'name': 'linked.nothing'}], metalink=True)
    assert files(text) == {}


class Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow."""

    def redirect_request(self, *_):
        return None


@pytest.fixture
def get(server, desk):
    """Anybody's GET of /redirect/…: status, headers, text."""
    trust = ssl.create_default_context(cafile=server.get('ca'))
    opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trust))

    def get(path):
        try:
            with opener.open(f'{server["url"]}/redirect/{desk}/{path}', timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as other:
            return other.code, other.headers, other.read().decode()

    return get


def test_anybody_is_sent_to_a_copy_but_not_let_in(get, run, disks, storages):
    status, headers, _ = get(NAMES[0])
    assert status == 303
    assert any(headers['Location'].startswith(storages[rse]) for rse in disks[:2])
    assert 'authz' not in headers['Location']
    assert get(f'{NAMES[0]}?rse={disks[1]}&select=geoip')[1]['Location'].startswith(storages[disks[1]])
    assert get(f'{NAMES[1]}?rse={disks[1]}')[0] == 404
    assert get(f'{NAMES[1]}?schemes=root')[0] == 404


def test_anybody_gets_the_metalink_of_a_file_or_a_dataset(get, run, desk):
    status, headers, text = get('linked.run/metalink')
    assert status == 200 and headers['Content-Type'] == 'application/metalink4+xml'
    assert list(files(text)) == [f'{desk}:{name}' for name in NAMES]
    assert 'authz' not in text
    link = get(f'{NAMES[0]}?sort=geoip')[1]['Link']
    assert f'/redirect/{desk}/{NAMES[0]}/metalink?' in link
    assert get('linked.nothing/metalink')[0] == 404
