"""Storage elements: protocols, attributes, distances, limits, expressions."""


def test_an_rse_gets_a_protocol_and_shows_it(root, tag):
    rse = f'NEW-{tag.upper()}-DISK'
    root('rse', 'add', rse)
    root('rse', 'protocol', 'add', rse, '--hostname', 'storage.example.org', '--scheme', 'https',
         '--prefix', '/data/', '--port', '8443', '--impl', 'rucio.rse.protocols.webdav.Default',
         '--domain-json', '{"lan": {"read": 1, "write": 1, "delete": 1},'
         ' "wan": {"read": 1, "write": 1, "delete": 1,'
         ' "third_party_copy_read": 1, "third_party_copy_write": 1}}')
    shown = root('rse', 'show', rse).out
    assert 'storage.example.org' in shown
    assert '8443' in shown
    assert 'rucio.rse.protocols.webdav.Default' in shown


def test_attributes_select_rses(root, lake):
    root('rse', 'attribute', 'set', lake.disk, '--key', f'site-{lake.tag}', '--value', 'orca')
    root('rse', 'attribute', 'set', lake.archive, '--key', f'site-{lake.tag}', '--value', 'arca')
    one = root('rse', 'list', '--rses', f'site-{lake.tag}=orca').out.split()
    assert one == [lake.disk]
    both = root('rse', 'list', '--rses', f'site-{lake.tag}=orca|site-{lake.tag}=arca').out.split()
    assert sorted(both) == sorted([lake.disk, lake.archive])
    assert f'site-{lake.tag}' in root('rse', 'attribute', 'list', lake.disk).out


def test_an_expression_without_sense_is_refused(root):
    refused = root.fails('rse', 'list', '--rses', 'site==orca')
    assert 'RSE expression' in refused.text


def test_a_distance_is_set_shown_and_taken_back(root, lake):
    root('rse', 'distance', 'set', lake.disk, lake.archive, '--distance', '3')
    shown = root('rse', 'distance', 'show', lake.disk, lake.archive).out
    assert '3' in shown.split(lake.archive)[-1]
    root('rse', 'distance', 'set', lake.disk, lake.archive, '--distance', '4')
    assert '4' in root('rse', 'distance', 'show', lake.disk, lake.archive).out
    root('rse', 'distance', 'unset', lake.disk, lake.archive)


def test_an_rse_has_limits(root, client, lake):
    root('rse', 'limit', 'set', lake.disk, '--limit', 'MinFreeSpace', '1000000')
    assert client.get_rse_limits(lake.disk)['MinFreeSpace'] == 1000000
    root('rse', 'limit', 'unset', lake.disk, '--limit', 'MinFreeSpace')
    assert 'MinFreeSpace' not in client.get_rse_limits(lake.disk)


def test_an_unknown_rse_is_named(root):
    refused = root.fails('rse', 'show', 'NO-SUCH-DISK')
    assert 'NO-SUCH-DISK' in refused.text
