"""`card`, `verify`, `push`, `push-space` and `notebooks`: describe, prove and publish."""

from __future__ import annotations

from pathlib import Path

from .options import add_weights


def register(commands) -> None:
    """Add the commands and their options."""
    card = commands.add_parser("card", help="write model cards from what `evaluate ... --json` measured")
    card.add_argument(
        "reports", nargs="+", metavar="REPORT", help="JSON files of `evaluate` reading, photos, table1 and deblur"
    )
    add_weights(card)
    card.add_argument("--history", metavar="FILE", help="Markdown to keep in the cards: what was tried")
    card.set_defaults(handler=run_card)

    verify = commands.add_parser("verify", help="prove that the weights give the published pictures and texts here")
    add_weights(verify)
    verify.add_argument("--write", action="store_true", help="keep what they give here as what is published")
    verify.set_defaults(handler=run_verify)

    for name, title in (("push", "upload the weights to the Hub"), ("push-space", "upload the demo as a Space")):
        upload = commands.add_parser(name, help=title)
        upload.add_argument("--repo-id", required=True, metavar="OWNER/NAME", help="repository, made if need be")
        upload.add_argument("--dry-run", action="store_true", help="only print what would go where")
        if name == "push-space":
            upload.add_argument("--models", metavar="OWNER/NAME", help="the repository of weights its page links to")
        upload.add_argument("--private", action="store_true", help="a new repository is seen by its owner alone")
        upload.set_defaults(handler=run_push)

    notebooks = commands.add_parser("notebooks", help="tell the notebooks the repository's address: badges, set-up")
    notebooks.add_argument("address", metavar="ADDRESS", help='https://github.com/OWNER/NAME, or "" to take it out')
    notebooks.set_defaults(handler=run_notebooks)


def run_notebooks(arguments) -> int:
    """Write the address and print the notebooks."""
    from ..publishing.notebooks import set_repository

    for path in set_repository(arguments.address):
        print(path)
    return 0


def run_card(arguments) -> int:
    """Write the cards and print where they are."""
    from ..publishing.cards import write_cards
    from ..weights import BUNDLED

    for path in write_cards(arguments.reports, Path(arguments.weights or BUNDLED), arguments.history):
        print(path)
    return 0


def run_verify(arguments) -> int:
    """Check networks and example pictures; 1 when one of them does not answer as published."""
    from ..networks import load_weights
    from ..publishing.verify import verify
    from ..weights import BUNDLED
    from ..weights.golden import write_golden

    if arguments.write:
        for path in sorted(Path(arguments.weights or BUNDLED).glob("*/model.safetensors")):
            write_golden(load_weights(path.parent), path.parent)
    checks = verify(arguments.weights)
    for what, good, words in checks:
        print(f"{'ok  ' if good else 'NOT '} {what:24} {words}")
    return 0 if all(good for _, good, _ in checks) else 1


def run_push(arguments) -> int:
    """Upload, or with --dry-run print what would be uploaded."""
    from ..publishing.push import push, push_space

    options = {"dry_run": arguments.dry_run, "private": arguments.private}
    if arguments.command == "push":
        print(push(arguments.repo_id, **options))
    else:
        print(push_space(arguments.repo_id, models=arguments.models, **options))
    return 0
