"""Uploads of what exists already: in the catalogue, at the storage, at another RSE; the same or not."""
import pytest

from looking import lay_down, same_bytes

SAME, OTHER = b'light in the deep sea' * 40, b'another light' * 60
WAYS = pytest.mark.parametrize(
    'way', [[], ['--register-after-upload']], ids=['registered-first', 'registered-after']
)


class File:
    """One file of a story: its local bytes, its copies, what stands at the storages."""

    def __init__(self, name, home, scientist, client, scope, shelf):
        self.name, self.client, self.scope, self.shelf, self.scientist = name, client, scope, shelf, scientist
        self.path = home / name

    def upload(self, rse, content, *way, code=None):
        self.path.write_bytes(content)
        return self.scientist('upload', '--rse', rse, '--scope', self.scope, *way, self.path, code=code)

    def put(self, rse, content):
        lay_down(self.shelf(rse, self.scope, self.name), content)

    def stored(self, rse):
        return self.shelf(rse, self.scope, self.name).read_bytes()

    def states(self):
        rows = list(self.client.list_replicas([{'scope': self.scope, 'name': self.name}], all_states=True))
        return rows[0]['states'] if rows else {}

    def rules(self):
        return [(rule['rse_expression'], rule['state']) for rule in self.client.list_did_rules(self.scope, self.name)]


@pytest.fixture
def file(request, tmp_path, scientist, client, desk, shelf):
    name = request.node.name.removeprefix('test_').replace('_', '-').replace('[', '.').rstrip(']')
    return File(f'{name}.root', tmp_path, scientist, client, desk, shelf)


@WAYS
def test_uploaded_again_nothing_changes(file, disks, way):
    here = disks[0]
    file.upload(here, SAME, *way, code=0)
    said = file.upload(here, SAME, *way)
    assert 'already' in said.text and 'None of the given files have been uploaded' in said.text
    assert file.states() == {here: 'AVAILABLE'}
    assert file.rules() == [(here, 'OK')]


@WAYS
def test_other_bytes_under_the_same_name_change_nothing(file, disks, way):
    here = disks[0]
    file.upload(here, SAME, *way, code=0)
    said = file.upload(here, OTHER, *way)
    assert 'already' in said.text
    assert file.stored(here) == SAME
    assert file.states() == {here: 'AVAILABLE'}


@WAYS
def test_registered_elsewhere_it_is_copied_here(file, disks, way, tmp_path):
    there, here = disks[:2]
    file.upload(there, SAME, code=0)
    file.upload(here, SAME, *way, code=0)
    assert file.states() == {there: 'AVAILABLE', here: 'AVAILABLE'}
    assert file.stored(here) == SAME
    # The rule of the first upload stays the only one: a second copy is nobody's wish yet.
    assert file.rules() == [(there, 'OK')]
    file.scientist('download', '--rses', here, '--dir', tmp_path / 'back', f'{file.scope}:{file.name}')
    same_bytes(tmp_path / 'back', [file.path])


@WAYS
def test_other_bytes_than_elsewhere_make_no_copy_here(file, disks, way):
    there, here = disks[:2]
    file.upload(there, SAME, code=0)
    said = file.upload(here, OTHER, *way)
    assert 'does not match remote checksum' in said.text
    assert file.states() == {there: 'AVAILABLE'}
    # With --register-after-upload the wrong bytes were sent before anybody looked: the right ones replace them.
    file.upload(here, SAME, code=0)
    assert file.states() == {there: 'AVAILABLE', here: 'AVAILABLE'}
    assert file.stored(here) == SAME


@pytest.mark.parametrize('content', [SAME, OTHER], ids=['same', 'other'])
def test_at_the_storage_but_unknown_it_is_replaced(file, disks, content):
    here = disks[0]
    file.put(here, content)
    file.upload(here, SAME, code=0)
    assert file.stored(here) == SAME
    assert file.states() == {here: 'AVAILABLE'}
    assert file.rules() == [(here, 'OK')]


def test_at_the_storage_but_unknown_it_stays_until_it_is_registered(file, disks):
    here = disks[0]
    file.put(here, OTHER)
    said = file.upload(here, SAME, '--register-after-upload')
    assert 'no upload of yours is known to have left there' in said.text
    assert file.stored(here) == OTHER
    assert file.states() == {}


def test_a_bad_copy_stays_for_whoever_mends_it(file, disks, client):
    here = disks[0]
    file.upload(here, SAME, code=0)
    client.declare_bad_file_replicas([{'scope': file.scope, 'name': file.name, 'rse': here}], 'by mistake')
    assert file.states() == {here: 'BAD'}
    file.upload(here, SAME)
    assert file.stored(here) == SAME
    client.update_replicas_states(here, [{'scope': file.scope, 'name': file.name, 'state': 'A'}])
    assert file.states() == {here: 'AVAILABLE'}
