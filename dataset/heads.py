"""Which revision stands for a scan. Corrections win over acceptances wherever both exist. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dataset.document import Snapshot
from dataset.record import LOOKED_AT, Basis, Head, Revision


def head_of(revisions: Iterable[Revision]) -> Head:
    """The head of a scan's revisions: newest reviewed, else newest, of those nobody built on.

    A person's own labels come before acceptances of what a model proposed, whichever is newer. Other revisions of
    persons that nobody built on are conflicts.
    """
    known = {revision.id: revision for revision in revisions}
    built_on = {r.base for r in known.values() if r.base in known and _may_replace(r, known[r.base])}
    leaves = [revision for revision in known.values() if revision.id not in built_on]
    persons = [revision for revision in leaves if revision.basis != "accepted"]
    pool = persons or leaves
    if not pool:
        return Head()
    head = max((r for r in pool if r.is_reviewed), key=age, default=None) or max(pool, key=age)
    conflicts = sorted((r for r in persons if r is not head), key=age)
    return Head(head, tuple(conflicts))


def exported(revisions: Iterable[Revision]) -> Revision | None:
    """The revision that exporters get: the head among those whose reader was done, or `None`."""
    return head_of(revision for revision in revisions if revision.state in LOOKED_AT).revision


def basis_of(snapshot: Snapshot, base: Revision | None = None) -> Basis:
    """Why the marks of a document hold, from the marks themselves.

    `accepted` when every mark is a model's, unchanged, no proposal was rejected and it was not made from a person's
    revision. That a scan is empty is never guessed: without marks it is `corrected`, which counts as in progress.
    """
    if base is not None and base.basis != "accepted":
        return "corrected"
    models_own = all(annotation.author.startswith("model:") for annotation in snapshot.annotations)
    if snapshot.annotations and models_own and not snapshot.rejected:
        return "accepted"
    return "corrected"


def age(revision: Revision) -> tuple[float, str]:
    """A key that sorts revisions from oldest to newest."""
    return revision.created.timestamp(), revision.id


def _may_replace(revision: Revision, base: Revision) -> bool:
    return revision.basis != "accepted" or base.basis == "accepted"
