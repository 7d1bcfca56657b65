"""Which revision stands for a scan. Corrections win over acceptances wherever both exist. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dataset.document import Snapshot
from dataset.record import LOOKED_AT, Basis, Head, Revision


def head_of(revisions: Iterable[Revision]) -> Head:
    """The head of a scan's revisions: newest reviewed, else newest, of those nobody built on.

    A person's own labels come before acceptances of what a model proposed, whichever is newer. Other revisions of
    persons that nobody built on are conflicts, unless a reviewed revision settles them: it stands on all of these.
    """
    known = {revision.id: revision for revision in revisions}
    built_on = {id_ for r in known.values() for id_ in bases(r) if id_ in known and _may_replace(r, known[id_])}
    leaves = [revision for revision in known.values() if revision.id not in built_on]
    persons = [revision for revision in leaves if revision.basis != "accepted"]
    pool = persons or leaves
    if not pool:
        return Head()
    head = max((r for r in pool if r.is_reviewed), key=age, default=None) or max(pool, key=age)
    conflicts = sorted((r for r in persons if r is not head), key=age)
    return Head(head, tuple(conflicts))


def bases(revision: Revision) -> tuple[str, ...]:
    """Ids of the revisions it stands on: the one it was made from, and those it settles."""
    settled = tuple(id_ for id_ in revision.settles if id_ != revision.id) if revision.is_reviewed else ()
    return (revision.base, *settled)


def exported(revisions: Iterable[Revision]) -> Revision | None:
    """The revision that exporters get: the head among those whose reader was done, or `None`.

    What was sent back to its reader is not exported: somebody said that it is not right.
    """
    known = tuple(revisions)
    sent_back = {revision.base for revision in known if revision.is_sent_back}
    return head_of(r for r in known if r.state in LOOKED_AT and r.id not in sent_back).revision


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
