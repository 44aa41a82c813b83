"""`rucio VERB-NOUN`, as before Rucio 37: a story for each command; its docstring is what was seen."""
from . import new_style
from .ground import NOWHERE, of, words

# Where the words behind the command are the same, the story is.
ping = new_style.ping
whoami = new_style.whoami
download = get = new_style.download
upload = new_style.upload
stat = new_style.did_show
erase = new_style.did_remove
list_content = new_style.did_content_list
list_content_history = new_style.did_content_history
get_metadata = new_style.did_metadata_list
list_account_usage = new_style.account_limit_list
rule_info = new_style.rule_show
list_rules_history = new_style.rule_history
update_rule = new_style.rule_update
list_rses = new_style.rse_list
list_scopes = new_style.scope_list
list_rse_attributes = new_style.rse_attribute_list


def list_file_replicas(run, on):
    """names for each copy, states, metalink"""
    pfn = new_style.listed_copies(run, did := on.file(), on)
    assert run('--pfns', '--rses', on.disk, '--protocols', 'https,root', did).out.split() == [pfn]


def list_dataset_replicas(run, on):
    """files found and in all"""
    did = on.dataset(on.file(), on.file())
    assert (on.disk, '2', '2') in run(did).rows()
    assert f'{on.disk},2,2' in run('--csv', '--deep', did).out


def add_dataset(run, on):
    """a dataset that is monotonic"""
    did = f'{on.scope}:{on.word()}'
    run('--monotonic', '--lifetime', '86400', did)
    shown = on.client.get_did(*of(did))
    assert (shown['type'], shown['monotonic'], shown['expired_at'] is None) == ('DATASET', True, False)


def add_container(run, on):
    """a container"""
    did = f'{on.scope}:{on.word()}'
    run(did)
    assert on.client.get_did(*of(did))['type'] == 'CONTAINER'


def attach(run, on):
    """attached, also from a list on disk"""
    first, second, did = on.file(), on.file(), on.dataset()
    run(did, first)
    run(did, '--from-file', on.path(f'{second}\n'))
    assert {first, second} < set(on.content(did))


def detach(run, on):
    """detached"""
    gone, stays = on.file(), on.file()
    did = on.dataset(gone, stays)
    run(did, gone)
    assert on.content(did) == [stays]


def list_dids(run, on):
    """by pattern, by metadata, recursively"""
    file = on.file()
    did = on.dataset(file)
    on.client.set_metadata(*of(did), 'run_number', 25292)
    assert (did, 'DATASET') in run(f'{did[:-1]}*').rows()
    assert run('--short', '--filter', 'type=DATASET,run_number>25291', f'{on.scope}:*').out.split() == [did]
    assert (file, 'FILE') in run('--recursive', '--filter', 'type=all', on.container(did)).rows()


def ls(run, on):
    """by pattern"""
    did = on.dataset()
    assert (did, 'DATASET') in run(f'{did[:-1]}*').rows()


def list_dids_extended(run, on):
    """nothing: the command says that list-dids took its place, before it asks a server"""
    assert 'deprecated' in run.fails().text
    return NOWHERE


def list_parent_dids(run, on):
    """the datasets of a file"""
    file = on.file()
    did = on.dataset(file)
    assert (did, 'DATASET') in run(file).rows()


list_parent_datasets = list_parent_dids


def close(run, on):
    """closed"""
    did = on.dataset()
    run(did)
    assert on.client.get_did(*of(did))['open'] is False


def reopen(run, on):
    """open again"""
    did = on.dataset()
    on.client.set_status(*of(did), open=False)
    run(did)
    assert on.client.get_did(*of(did))['open'] is True


def list_files(run, on):
    """name, size and sum; as CSV, and as a file catalogue of POOL"""
    file = on.file()
    did = on.dataset(file)
    shown = run(did)
    assert (file, '(None)', 'ad:0a1b2c3d', '10.000 B', '') in shown.rows()
    assert 'Total size : 10.000 B' in shown.out
    assert f'{file},(None),0a1b2c3d,10.000 B,None' in run('--csv', did).out
    assert f'name="/pool/{of(file)[1]}"' in run('--pfc', '/pool', did).out


def set_metadata(run, on):
    """a column and a key of one's own"""
    did = on.dataset()
    run('--did', did, '--key', 'run_number', '--value', '7')
    run('--did', did, '--key', 'Production', '--value', 'TeV_low')
    assert on.client.get_metadata(*of(did))['run_number'] == 7
    assert on.own(did) == {'Production': 'TeV_low'}


def delete_metadata(run, on):
    """the key is gone"""
    did = on.dataset()
    on.client.set_metadata(*of(did), 'Production', 'TeV_low')
    run('--did', did, '--key', 'Production')
    assert on.own(did) == {}


def list_rse_usage(run, on):
    """what is used, by account"""
    on.rule(on.dataset())
    shown = run('--show-accounts', on.disk).out
    assert 'source: rucio' in shown and f'account: {on.client.account}' in shown


def list_account_limits(run, on):
    """the limit"""
    name = on.account()
    on.client.set_local_account_limit(name, on.disk, 10**9)
    assert (on.disk, '1.000 GB') in run(name).rows()
    assert (on.disk, '1.000 GB') in run('--rse', on.disk, name).rows()


def add_rule(run, on):
    """a rule with its options; a second one is a duplicate"""
    did = on.dataset()
    options = ('--lifetime', '3600', '--grouping', 'DATASET', '--notify', 'C', '--comment', 'every word')
    rule = on.client.get_replication_rule(run(did, '1', on.disk, *options).out.strip())
    assert (rule['state'], rule['notification'], rule['comments']) == ('OK', 'CLOSE', 'every word')
    assert 'already exists' in run.fails(did, '1', on.disk).text
    assert 'Skipping' in run(did, '1', on.disk, '--skip-duplicates').out


def delete_rule(run, on):
    """by its id, and by DID and expression"""
    rules = [on.rule(did := on.dataset()), on.rule(on.dataset())]
    run('--rses', on.disk, did)
    run('--purge-replicas', rules[1])
    assert all(on.ends(rule) for rule in rules)


def list_rules(run, on):
    """by DID, id, file, account and tree"""
    file = on.file()
    rule = on.rule(did := on.dataset(file))
    for asked in ((did,), ('--id', rule), ('--file', file), ('--account', on.client.account),
                  ('--traverse', did)):
        assert rule in run(*asked).out


def move_rule(run, on):
    """a rule elsewhere, whose parent waits for it"""
    rule = on.rule(on.dataset())
    child = run(rule, on.archive).out.strip()
    assert on.client.get_replication_rule(rule)['child_rule_id'] == child


def list_suspicious_replicas(run, on):
    """a suspicious copy"""
    did = on.file()
    on.client.declare_suspicious_file_replicas([on.copy(did)[0]], 'looks odd')
    assert of(did)[1] in run('--expression', on.disk).out


def list_datasets_rse(run, on):
    """the datasets, and how much of each"""
    did = on.dataset()
    assert did in run(on.disk).out.split()
    assert (f'{did}1/1', '10/10') in run('--long', on.disk).rows()


def touch(run, on):
    """told by a trace"""
    run('--rse', on.disk, on.file())


def add_lifetime_exception(run, on):
    """asked for"""
    did, asked = on.dying()
    run('--inputfile', asked, '--reason', 'still needed', '--expiration', on.day(400))
    assert words(did) in [words(f'{row["scope"]}:{row["name"]}') for row in on.client.list_exceptions()]
