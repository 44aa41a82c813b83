# A workflow whose files are DIDs: run by test_snakemake.py with the storage plug-in of PyPI, as it comes.
import sys

SCOPE, RSE = config["scope"], config["rse"]

storage lake:
    provider="rucio",
    download_rse=RSE,
    upload_rse=RSE,
    upload_dataset=config["dataset"],
    cache_scope=bool(config["cache_scope"]),


def did(name, **how):
    return storage.lake(f"rucio://{SCOPE}/{name}", **how)


rule all:
    input:
        did(config["result"]),


# Retrieves a DID, stores one.
rule count:
    input:
        did(config["raw"]),
    output:
        did(config["result"]),
    shell:
        "wc -c < {input} > {output}"


# Reads a DID where it is, by an address that the lake gives. As an input, this version of the plug-in
# loses the address once Snakemake has filled in wildcards; as a parameter it keeps it.
rule stream:
    output:
        "streamed",
    params:
        address=did(config["raw"], retrieve=False),
        read="import sys, urllib.request as web; sys.stdout.buffer.write(web.urlopen(sys.argv[1]).read())",
    shell:
        "{sys.executable} -c '{params.read}' '{params.address}' > {output}"
