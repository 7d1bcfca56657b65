"""The table of actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from desktop_app.action import ActionRow
from desktop_app.action_clipboard import clipboard_rows
from desktop_app.action_comfort import comfort_rows
from desktop_app.action_marks import marks_rows
from desktop_app.action_operations import operation_rows
from desktop_app.action_proposals import proposals_rows
from desktop_app.action_readers import readers_rows
from desktop_app.action_series import numbered_rows, tool_rows
from desktop_app.action_shapes import shapes_rows
from desktop_app.action_slide import exchange_rows, slide_rows
from desktop_app.action_volume import volume_rows
from desktop_app.action_worklist import worklist_rows
from desktop_app.operation import Operation
from desktop_app.session import Session
from desktop_app.tool import Tool
from desktop_app.tools import operations
from imaging.plugins import gather


def _has_scan(session: Session) -> bool:
    return session.scan is not None


def _has_planes(session: Session) -> bool:
    return session.info is not None and session.info.size.planes > 1


def _has_selection(session: Session) -> bool:
    return bool(session.selection)


def _is_grey(session: Session) -> bool:
    return session.display.window is not None and session.scan is not None


def _has_dataset(session: Session) -> bool:
    return session.dataset is not None


def file_rows() -> tuple[ActionRow, ...]:
    """Opening, keeping, giving away."""
    return (
        ActionRow("open", "Open files…", lambda d: d.ask_files(), ("Ctrl+O",), menu="File", icon="open"),
        ActionRow(
            "open-folder", "Open folder…", lambda d: d.ask_folder(), ("Ctrl+Shift+O",), menu="File", icon="folder"
        ),
        ActionRow(
            "open-dataset",
            "Open or create dataset…",
            lambda d: d.ask_dataset(),
            ("Ctrl+D",),
            menu="File",
            icon="dataset",
        ),
        ActionRow(
            "save",
            "Save now",
            lambda d: d.session.save(),
            ("Ctrl+S",),
            menu="File",
            group=1,
            icon="save",
            tip="Save now; edits are kept as they are made",
            can=_has_scan,
        ),
        ActionRow(
            "export",
            "Export…",
            lambda d: d.ask_export(),
            ("Ctrl+E",),
            menu="File",
            group=2,
            icon="export",
            tip="Write the dataset in a format trainers use",
            can=_has_dataset,
        ),
        *exchange_rows(),
        ActionRow(
            "sync",
            "Sync upstream…",
            lambda d: d.ask_sync(),
            ("Ctrl+U",),
            menu="File",
            group=2,
            icon="sync",
            tip="Bring the dataset to a folder or an object store",
            can=_has_dataset,
        ),
        ActionRow(
            "preferences",
            "Preferences…",
            lambda d: d.ask_preferences(),
            ("Ctrl+,",),
            menu="File",
            group=3,
            icon="settings",
        ),
        ActionRow("quit", "Quit", lambda d: d.quit(), ("Ctrl+Q",), menu="File", group=4, icon="quit"),
    )


def edit_rows() -> tuple[ActionRow, ...]:
    """Undo, redo, and what is done with marks."""
    return (
        ActionRow(
            "undo",
            "Undo",
            lambda d: d.session.undo(),
            ("Ctrl+Z",),
            menu="Edit",
            icon="undo",
            repeats=True,
            can=lambda s: bool(s.document.undo_title),
            name=lambda s: f"Undo {s.document.undo_title.lower()}".strip(),
        ),
        ActionRow(
            "redo",
            "Redo",
            lambda d: d.session.redo(),
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            menu="Edit",
            icon="redo",
            repeats=True,
            can=lambda s: bool(s.document.redo_title),
            name=lambda s: f"Redo {s.document.redo_title.lower()}".strip(),
        ),
        ActionRow(
            "select-all",
            "Select all on this plane",
            lambda d: select_plane(d.session),
            ("Ctrl+A",),
            menu="Edit",
            group=1,
            can=_has_scan,
        ),
        ActionRow(
            "select-none",
            "Select nothing",
            lambda d: d.session.select(()),
            ("Ctrl+Shift+A", "Escape"),
            menu="Edit",
            group=1,
            can=_has_selection,
        ),
        ActionRow(
            "accept",
            "Accept, then next case",
            lambda d: d.session.accept_or_next(),
            ("Return", "Enter"),
            menu="Findings",
            icon="check",
            tip="Accept the selected proposals, else all shown; with none left, the next case",
            can=_has_scan,
        ),
        ActionRow(
            "accept-all",
            "Accept all shown",
            lambda d: d.session.accept_all(),
            ("Shift+Return", "Shift+Enter"),
            menu="Findings",
            icon="check-all",
            can=_has_scan,
        ),
        ActionRow(
            "delete",
            "Delete or reject",
            lambda d: d.session.delete_selection(),
            ("Delete", "Backspace"),
            menu="Findings",
            icon="trash",
            tip="Delete the selected marks; where none is, the one under the mouse",
            can=_has_scan,
        ),
        ActionRow(
            "new-label", "New label…", lambda d: d.ask_label(), ("Ctrl+L",), menu="Findings", group=1, icon="tag"
        ),
        ActionRow(
            "empty",
            "Confirm: nothing to mark",
            lambda d: d.session.confirm_empty(),
            ("N",),
            menu="Findings",
            group=1,
            icon="empty",
            can=_has_scan,
        ),
    )


def select_plane(session: Session) -> None:
    """Select every mark seen on the plane."""
    session.select(mark.id for mark in session.marks_on(session.plane))


def scan_rows() -> tuple[ActionRow, ...]:
    """Cases, planes, and how the scan is shown."""
    return (
        ActionRow(
            "next-case",
            "Next case",
            lambda d: d.session.next_case(),
            ("D",),
            menu="Scan",
            icon="right",
            can=lambda s: bool(s.cases),
        ),
        ActionRow(
            "previous-case",
            "Previous case",
            lambda d: d.session.previous_case(),
            ("A",),
            menu="Scan",
            icon="left",
            can=lambda s: s.case > 0,
        ),
        ActionRow(
            "next-plane",
            "Next plane",
            lambda d: d.session.step_plane(1),
            ("PgDown", "Down", "Right"),
            "scan",
            menu="Scan",
            group=1,
            can=_has_planes,
            repeats=True,
        ),
        ActionRow(
            "previous-plane",
            "Previous plane",
            lambda d: d.session.step_plane(-1),
            ("PgUp", "Up", "Left"),
            "scan",
            menu="Scan",
            group=1,
            can=_has_planes,
            repeats=True,
        ),
        ActionRow(
            "next-finding",
            "Next plane with findings",
            lambda d: step_finding(d.session, 1),
            ("Ctrl+PgDown",),
            menu="Scan",
            group=1,
            can=_has_planes,
            repeats=True,
        ),
        ActionRow(
            "previous-finding",
            "Previous plane with findings",
            lambda d: step_finding(d.session, -1),
            ("Ctrl+PgUp",),
            menu="Scan",
            group=1,
            can=_has_planes,
            repeats=True,
        ),
        ActionRow("fit", "Fit to view", lambda d: d.fit(), ("F", "0"), menu="View", icon="fit", can=_has_scan),
        ActionRow("zoom-in", "Zoom in", lambda d: d.zoom(1.25), ("+", "="), menu="View", can=_has_scan, repeats=True),
        ActionRow("zoom-out", "Zoom out", lambda d: d.zoom(0.8), ("-",), menu="View", can=_has_scan, repeats=True),
        ActionRow(
            "invert",
            "Invert",
            lambda d: invert(d.session),
            ("I",),
            menu="View",
            group=1,
            icon="invert",
            can=_is_grey,
            is_on=lambda s: s.display.inverted,
            tip="Show dark as bright",
        ),
        ActionRow(
            "reset-window",
            "Reset window",
            lambda d: d.session.reset_window(),
            ("Shift+W",),
            menu="View",
            group=1,
            icon="reset",
            can=_is_grey,
            tip="The window the scan opened with",
        ),
        ActionRow(
            "hide",
            "Hide overlay (hold)",
            lambda d: d.session.hide_marks(d.session.display.show_marks),
            ("H",),
            menu="View",
            group=2,
            icon="eye-off",
            can=_has_scan,
            is_on=lambda s: not s.display.show_marks,
            tip="Hide marks and masks: hold the key, or click",
        ),
        ActionRow("full-screen", "Full screen", lambda d: d.toggle_full_screen(), ("F11",), menu="View", group=3),
    )


def model_rows() -> tuple[ActionRow, ...]:
    """Reading with models."""
    return (
        ActionRow(
            "predict",
            "Run the model",
            lambda d: run_model(d.session),
            ("M",),
            menu="Model",
            icon="play",
            tip="Let the chosen model read this scan",
            can=lambda s: _has_scan(s) and bool(s.model),
        ),
        ActionRow(
            "cancel",
            "Cancel all jobs",
            lambda d: d.session.cancel_jobs(),
            ("Ctrl+.",),
            menu="Model",
            icon="stop",
            can=lambda s: any(not job.is_quiet for job in s.jobs.running),
        ),
    )


def help_rows() -> tuple[ActionRow, ...]:
    """Keys and truth."""
    return (
        ActionRow("keys", "Keys", lambda d: d.show_keys(), ("F1",), menu="Help", icon="keyboard"),
        ActionRow("about", "About and devices", lambda d: d.show_about(), menu="Help", icon="info"),
    )


def all_rows(tools: Iterable[Tool]) -> tuple[ActionRow, ...]:
    """The whole table, in the order of the menus."""
    return (
        *file_rows(),
        *edit_rows(),
        *clipboard_rows(),
        *proposals_rows(),
        *marks_rows(),
        *shapes_rows(),
        *readers_rows(),
        *tool_rows(tools),
        *operation_rows(gather(operations, Operation)),
        *scan_rows(),
        *worklist_rows(),
        *slide_rows(),
        *volume_rows(),
        *comfort_rows(),
        *model_rows(),
        *numbered_rows(),
        *help_rows(),
    )


def invert(session: Session) -> None:
    """Show dark as bright, and back."""
    session.set_display(replace(session.display, inverted=not session.display.inverted))


def run_model(session: Session) -> None:
    """Let the chosen model read the open scan."""
    session.slides.run()


def step_finding(session: Session, direction: int) -> None:
    """Go to the nearest plane with findings before or after this one."""
    plane = session.plane
    planes = session.findings.planes_with_marks(plane.axis, session.display.limits)
    further = [index for index in planes if (index - plane.index) * direction > 0]
    if further:
        session.set_plane(replace(plane, index=min(further) if direction > 0 else max(further)))
    else:
        session.told.emit("No more findings this way")
