"""KM3NeT's slides, in the spelling that they have and in today's: finding and describing data."""
import pytest

from conftest import LONG_NAME

#: The same question as the slides ask it and as the command line of today has it.
LIST = [('list-dids',), ('did', 'list')]


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_the_datasets_of_a_scope(root, lake, words):
    found = root(*words, f'{lake.scope}:*', '--filter', 'type=DATASET').rows()
    datasets = {(lake.did(name), 'DATASET') for name in (lake.run, lake.production, lake.other)}
    assert datasets <= set(found[1:])
    assert all(did_type == 'DATASET' for _, did_type in found[1:])


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_the_bare_colon_of_the_slides_is_refused_by_the_client_itself(root, lake, words):
    """KM3NeT's slides say `SCOPE:`; clients since then want a name or `*` behind the colon."""
    refused = root.fails(*words, f'{lake.scope}:', '--filter', 'type=DATASET')
    assert 'Found empty scope or name' in refused.text


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_a_production_by_its_own_metadata(root, lake, words):
    found = root(*words, '--short', f'{lake.scope}:*', '--filter',
                 'Production=TeV_low,NumberShowers.gte=2000').out.split()
    assert found == [lake.did(lake.production)]


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_either_of_two_by_their_own_metadata(root, lake, words):
    found = root(*words, '--short', f'{lake.scope}:*', '--filter',
                 'ParticleType=muon;ParticleType=electron').out.split()
    assert sorted(found) == sorted([lake.did(lake.production), lake.did(lake.other)])


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_names_by_a_pattern(root, lake, words):
    found = root(*words, '--short', f'{lake.scope}:mc_*').out.split()
    assert sorted(found) == sorted([lake.did(lake.production), lake.did(lake.other)])


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_files_are_found_when_asked_for(root, lake, words):
    found = root(*words, '--short', f'{lake.scope}:{lake.run}*', '--filter', 'type=FILE').out.split()
    assert sorted(found) == sorted(lake.did(f['name']) for f in lake.files[:2])


@pytest.mark.parametrize('words', LIST, ids=' '.join)
def test_a_query_that_finds_nothing_is_no_failure(root, lake, words):
    assert root(*words, '--short', f'{lake.scope}:*', '--filter', 'NumberShowers>99999').out.split() == []


def test_the_files_of_a_run_with_guid_checksum_sizes_and_totals(root, lake):
    listing = root('list-files', lake.did(lake.run))
    assert listing.rows() == [
        ('SCOPE:NAME', 'GUID', 'ADLER32', 'FILESIZE', 'EVENTS'),
        (lake.did(lake.files[0]['name']), '2E2232AA-FAC8-324D-B452-070304F8D745', 'ad:0a1b2c3d', '2.269 MB', '1500'),
        (lake.did(lake.files[1]['name']), '3E2232AA-FAC8-324D-B452-070304F8D746', 'ad:00b2c3d4', '681.503 kB', '500'),
    ]
    assert 'Total files : 2' in listing.out
    assert 'Total size : 2.950 MB' in listing.out
    assert 'Total events : 2000' in listing.out


def test_a_name_of_133_characters_is_listed(root, lake):
    assert len(LONG_NAME) == 133
    assert lake.did(LONG_NAME) in root('list-files', lake.did(lake.production)).out
    assert lake.did(LONG_NAME) in root('did', 'content', 'list', '--short', lake.did(lake.production)).out


@pytest.mark.parametrize('words', [('list-content',), ('did', 'content', 'list')], ids=' '.join)
def test_the_content_of_a_run(root, lake, words):
    found = root(*words, lake.did(lake.run)).rows()
    assert set(found[1:]) == {(lake.did(f['name']), 'FILE') for f in lake.files[:2]}


@pytest.mark.parametrize('words', [('list-parent-dids',), ('did', 'list', '--parent')], ids=' '.join)
def test_the_dataset_that_a_file_is_in(root, lake, words):
    assert lake.did(lake.run) in root(*words, lake.did(lake.files[0]['name'])).out


@pytest.mark.parametrize('words', [('stat',), ('did', 'show')], ids=' '.join)
def test_a_file_shows_its_size_and_checksum(root, lake, words):
    shown = root(*words, lake.did(lake.files[1]['name'])).out
    assert '00b2c3d4' in shown
    assert '681503' in shown


def test_datasets_go_into_a_container_the_way_of_the_slides(root, lake):
    root('add-dataset', lake.did('old-dataset'))
    root('add-container', lake.did('old-container'))
    root('attach', lake.did('old-dataset'), lake.did(lake.files[0]['name']))
    root('attach', lake.did('old-container'), lake.did('old-dataset'))
    assert lake.did('old-dataset') in root('list-content', lake.did('old-container')).out
    assert lake.did(lake.files[0]['name']) in root('list-files', lake.did('old-container')).out
    root('detach', lake.did('old-container'), lake.did('old-dataset'))
    assert lake.did('old-dataset') not in root('list-content', lake.did('old-container')).out
    root('close', lake.did('old-dataset'))
    refused = root.fails('attach', lake.did('old-dataset'), lake.did(lake.files[1]['name']))
    assert 'not open' in refused.text or 'closed' in refused.text


def test_datasets_go_into_a_container_the_way_of_today(root, lake):
    root('did', 'add', '--type', 'dataset', lake.did('new-dataset'))
    root('did', 'add', '--type', 'container', lake.did('new-container'))
    root('did', 'content', 'add', '--to-did', lake.did('new-dataset'), lake.did(lake.files[0]['name']))
    root('did', 'content', 'add', '--to-did', lake.did('new-container'), lake.did('new-dataset'))
    assert lake.did('new-dataset') in root('did', 'content', 'list', lake.did('new-container')).out
    root('did', 'content', 'remove', '--from-did', lake.did('new-container'), lake.did('new-dataset'))
    assert lake.did('new-dataset') not in root('did', 'content', 'list', lake.did('new-container')).out


def test_metadata_is_set_and_read_the_way_of_the_slides(root, lake):
    root('add-dataset', lake.did('old-described'))
    root('set-metadata', '--did', lake.did('old-described'), '--key', 'detector', '--value', 'D0ARCA030')
    root('set-metadata', '--did', lake.did('old-described'), '--key', 'campaign', '--value', 'arca')
    assert 'D0ARCA030' in root('get-metadata', '--plugin', 'JSON', lake.did('old-described')).out
    assert 'arca' in root('get-metadata', lake.did('old-described')).out


def test_metadata_is_set_and_read_the_way_of_today(root, lake):
    root('did', 'add', '--type', 'dataset', lake.did('new-described'))
    root('did', 'metadata', 'set', lake.did('new-described'), '--key', 'detector', '--value', 'D0ORCA018')
    assert 'D0ORCA018' in root('did', 'metadata', 'list', '--plugin', 'JSON', lake.did('new-described')).out
    root('did', 'metadata', 'unset', lake.did('new-described'), '--key', 'detector')
    assert 'D0ORCA018' not in root('did', 'metadata', 'list', '--plugin', 'JSON', lake.did('new-described')).out


def test_an_unknown_did_is_named(root, lake):
    refused = root.fails('did', 'show', lake.did('no-such-run'))
    assert 'no-such-run' in refused.text


@pytest.mark.parametrize('words', [('list-file-replicas',), ('replica', 'list', 'file')], ids=' '.join)
def test_where_the_files_of_a_run_are(root, lake, words):
    rows = root(*words, lake.did(lake.run)).rows()
    assert {row[:2] for row in rows[1:]} == {(lake.scope, f['name']) for f in lake.files[:2]}
    assert all(row[4].startswith(f'{lake.disk}: https://{lake.disk.lower()}.example.org:443/data/') for row in rows[1:])


def test_the_path_of_a_file_alone(root, lake):
    pfns = root('replica', 'list', 'file', '--pfns', lake.did(LONG_NAME)).out.split()
    assert len(pfns) == 1
    assert pfns[0].endswith(f'/{LONG_NAME}')


def test_where_a_dataset_is(root, lake):
    shown = root('replica', 'list', 'dataset', '--deep', lake.did(lake.run)).rows()
    assert (lake.disk, '2', '2') in shown


def test_a_metalink_names_every_copy(root, lake):
    metalink = root('replica', 'list', 'file', '--metalink', lake.did(lake.run)).out
    assert metalink.count('<file ') == 2
    assert f'<identity>{lake.did(lake.files[0]["name"])}</identity>' in metalink
    assert '<hash type="adler32">0a1b2c3d</hash>' in metalink
