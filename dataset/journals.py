"""The journals of a folder: this program's own, and those of sessions that ended before a revision was saved.

A session holds a lock on its journals while it lives. Journals whose lock is free were left by a program that was
killed; the first program to ask for their edits takes the lock over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dataset.annotation import new_id
from dataset.document import Edit
from dataset.durable import make_folder, problem_of, told
from dataset.journal import Journal, JournalText, is_cut_short, read_journal
from dataset.record import Marks, Revision, Unsaved

_NAME = re.compile(r"([0-9A-Z]{26})-(\d{4,})-(.+)\.jsonl")


class Journals:
    """All journals of one folder. Used under the dataset's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session = new_id()
        self._count = 0
        self._own: dict[str, list[Journal]] = {}
        self._locks: dict[str, FileLock] = {}

    def keep(self, key: str, edit: Edit, author: str) -> int:
        """Write an edit of a scan; on the disk when this returns."""
        self._begin()
        own = self._own.setdefault(key, [])
        if not own or own[-1].is_broken:
            self._count += 1
            own.append(Journal(self.folder / f"{self.session}-{self._count:04}-{key}.jsonl", key, author))
        return own[-1].append(edit)

    def edited(self) -> dict[str, list[str]]:
        """Names of the journals there are, of any session, by scan key."""
        found: dict[str, list[str]] = {}
        for path in self._paths():
            found.setdefault(_key_of(path), []).append(path.name)
        return found

    def ended(self, key: str | None = None) -> list[tuple[Path, JournalText]]:
        """Journals of this and of ended sessions, oldest first, of one scan or of all."""
        found: list[tuple[Path, JournalText]] = []
        for path in self._paths():
            if key in {None, _key_of(path)} and self._is_free(path):
                text = read_journal(path)
                if text is not None:
                    found.append((path, text))
        return sorted(found, key=lambda item: (item[1].started.timestamp(), item[0].name))

    def unsaved(self) -> tuple[Unsaved, ...]:
        """What this and ended sessions hold, by scan."""
        found: dict[str, list[tuple[Path, JournalText]]] = {}
        for path, text in self.ended():
            found.setdefault(text.scan, []).append((path, text))
        return tuple(
            Unsaved(
                key,
                texts[0][1].author,
                texts[0][1].started,
                sum(len(text.edits) for _path, text in texts),
                tuple(path.name for path, _text in texts),
                any(text.is_damaged for _path, text in texts),
            )
            for key, texts in sorted(found.items())
        )

    def marks(self, key: str, author: str | None = None) -> Marks:
        """What a revision of a scan made now covers: its journals of this and of taken-over sessions.

        With an `author`, of taken-over sessions only that person's: the others' edits still wait for them.
        """
        own = {journal.path.name: journal.number for journal in self._own.get(key, ())}
        for path in self._paths():
            session = _session_of(path)
            if _key_of(path) == key and session != self.session and session in self._locks:
                text = read_journal(path)
                if author is None or text is None or text.author == author:
                    own[path.name] = len(text.edits) if text is not None else 0
        return tuple(own.items())

    def drop(self, names: Iterable[str]) -> None:
        """Remove journals whose edits are in a revision; one with a damaged line is set aside."""
        gone = set(names)
        if not gone:
            return
        for journals in self._own.values():
            for journal in [j for j in journals if j.name in gone]:
                journal.close()
                journals.remove(journal)
        for path in self._paths():
            if path.name in gone:
                with suppress(OSError):
                    path.rename(path.with_suffix(".damaged")) if is_cut_short(path) else path.unlink()

    def drop_covered(self, revisions: Iterable[Revision]) -> None:
        """Remove journals of ended sessions that are wholly in a revision: the program was killed before it could."""
        covered = dict(mark for revision in revisions for mark in revision.covers)
        for path in self._paths() if covered else ():
            if path.name in covered and self._is_free(path):
                text = read_journal(path)
                if text is None or len(text.edits) <= covered[path.name]:
                    self.drop([path.name])

    def close(self) -> None:
        """Let go of the files and of the sessions."""
        for journals in self._own.values():
            for journal in journals:
                journal.close()
        self._own.clear()
        busy = {_session_of(path) for path in self._paths()}
        for session, lock in self._locks.items():
            if session not in busy:
                with suppress(OSError):
                    Path(lock.lock_file).unlink()
            lock.release()
        self._locks.clear()

    def _begin(self) -> None:
        if self.session in self._locks:
            return
        with told(self.folder):
            make_folder(self.folder)
        self._take(self.session)

    def _take(self, session: str) -> bool:
        lock = FileLock(self.folder / f"{session}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            raise problem_of(error, self.folder) from error
        self._locks[session] = lock
        return True

    def _is_free(self, path: Path) -> bool:
        """Whether a journal is this session's or one that ended, which is then taken over."""
        session = _session_of(path)
        return session == self.session or session in self._locks or self._take(session)

    def _paths(self) -> list[Path]:
        """The journals' files, oldest first."""
        try:
            return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        except FileNotFoundError:
            return []


def _key_of(path: Path) -> str:
    found = _NAME.fullmatch(path.name)
    return found[3] if found else ""


def _session_of(path: Path) -> str:
    found = _NAME.fullmatch(path.name)
    return found[1] if found else ""
