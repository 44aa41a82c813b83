"""Whoever says that a file is in place is believed when it is: the server looks, and says what it saw."""
import zlib

import pytest

from rucio.common.exception import AccessDenied, FileConsistencyMismatch

from looking import lay_down

BYTES = b'light in the deep sea' * 100


@pytest.fixture
def copy(desk, disks, shelf, researcher):
    """A file as an upload registers it: `copy(name)` is what the catalogue is told, `at` where it goes."""

    class Copy:
        rse = disks[0]

        def __call__(self, name, state='C'):
            return {'scope': desk, 'name': name, 'bytes': len(BYTES), 'state': state,
                    'adler32': f'{zlib.adler32(BYTES):08x}', 'meta': {'guid': None}}

        def at(self, name):
            return shelf(self.rse, desk, name)

        def put(self, name, content=BYTES):
            lay_down(self.at(name), content)

        def begin(self, *names):
            researcher.add_replicas(self.rse, [self(name) for name in names])

        def end(self, *names):
            researcher.update_replicas_states(self.rse, [self(name, 'A') for name in names])

        def states(self, *names):
            dids = [{'scope': desk, 'name': name} for name in names]
            rows = researcher.list_replicas(dids, all_states=True)
            return [row['states'].get(self.rse) for row in rows]

    return Copy()


@pytest.mark.parametrize('content, says', [
    (None, 'is not at the storage'),
    (BYTES[:-1], '2099 bytes instead of 2100'),
    (BYTES[:-1] + b'?', 'adler32'),
], ids=['missing', 'short', 'changed'])
def test_a_file_that_is_not_what_it_should_be_is_not_available(copy, content, says, request):
    name = f'refused.{request.node.callspec.id}'
    copy.begin(name)
    if content is not None:
        copy.put(name, content)
    with pytest.raises(FileConsistencyMismatch, match=says):
        copy.end(name)
    assert copy.states(name) == ['COPYING']
    copy.put(name)
    copy.end(name)
    assert copy.states(name) == ['AVAILABLE']


def test_one_wrong_file_of_several_leaves_all_as_they_were(copy):
    names = ['several.1', 'several.2', 'several.3']
    copy.begin(*names)
    for name in names:
        copy.put(name, BYTES if name != 'several.2' else b'other')
    with pytest.raises(FileConsistencyMismatch, match='several.2'):
        copy.end(*names)
    assert copy.states(*names) == ['COPYING'] * 3


def test_an_upload_that_is_registered_afterwards_is_looked_at_too(copy, researcher, desk):
    url = researcher.lfns2pfns(copy.rse, [f'{desk}:afterwards'])[f'{desk}:afterwards']
    researcher.get_signed_url(copy.rse, 's3', 'write', url)
    copy.put('afterwards', b'half')
    with pytest.raises(FileConsistencyMismatch, match='4 bytes instead of 2100'):
        researcher.add_replicas(copy.rse, [copy('afterwards', 'A')])
    assert copy.states('afterwards') == []
    copy.put('afterwards')
    researcher.add_replicas(copy.rse, [copy('afterwards', 'A')])
    assert copy.states('afterwards') == ['AVAILABLE']


def test_a_file_that_somebody_else_put_there_is_not_taken_for_a_leftover(copy, researcher, desk):
    copy.put('not-yet-registered')
    url = researcher.lfns2pfns(copy.rse, [f'{desk}:not-yet-registered'])[f'{desk}:not-yet-registered']
    researcher.get_signed_url(copy.rse, 's3', 'read', url)
    assert copy.at('not-yet-registered').read_bytes() == BYTES


def test_no_url_opens_a_copy_for_writing_or_deleting(copy, researcher, desk):
    copy.begin('kept')
    copy.put('kept')
    copy.end('kept')
    url = researcher.lfns2pfns(copy.rse, [f'{desk}:kept'])[f'{desk}:kept']
    for operation in ('write', 'delete'):
        with pytest.raises(AccessDenied):
            researcher.get_signed_url(copy.rse, 's3', operation, url)
