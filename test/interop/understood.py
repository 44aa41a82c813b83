"""Reads a file of commands of the official client, a JSON list of words a line, and tells those that it does not know.

Nothing is sent: the client's own parsers read them. Prints a JSON list of [command, what is wrong].
"""
import argparse
import json
import sys

import click
from rucio.cli.bin_legacy import rucio as legacy
from rucio.cli.bin_legacy import rucio_admin
from rucio.cli.command import main

# What a group has left of its words: click 8 keeps the first apart, click 9 does not.
left_of = lambda context: [*getattr(context, '_protected_args', []), *context.args]


def demand_understood(command, words, parent=None):
    """Throws click.UsageError unless the words name a command, with options that it has."""
    context = command.make_context(command.name, words, parent=parent)
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(context, left_of(context))
        demand_understood(inner, rest, context)


def wrong_with(program, words):
    try:
        if program == 'rucio-admin':
            rucio_admin.get_parser().parse_args(words)
        elif main.get_command(click.Context(main), words[0]) is None:
            legacy.get_parser().parse_args(words)
        else:
            demand_understood(main, words)
    except click.UsageError as error:
        return error.format_message()
    except (argparse.ArgumentError, SystemExit) as error:
        return repr(error)
    return None


found = []
for line in open(sys.argv[1]):
    program, *words = json.loads(line)
    wrong = wrong_with(program, words)
    if wrong is not None:
        found.append([' '.join([program, *words]), wrong])
print(json.dumps(found))
