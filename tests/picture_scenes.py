"""What is photographed by `tests.pictures`: each scene brings the window there and saves it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QMenu

from dataset.annotation import Annotation, Box, Points, Polyline, new_id, now
from dataset.document import Edit
from desktop_app.cases import Case
from desktop_app.choosing_case import ChooseCase
from desktop_app.dialogs import About, Destination, NewLabel
from desktop_app.display import CaseRow
from desktop_app.key_sheet import KeySheet
from desktop_app.keys_dialog import KeysDialog
from desktop_app.label_dialog import LabelSheet
from desktop_app.panels.worklist import STATES, WorklistView
from desktop_app.preferences import Preferences
from imaging.geometry import Plane
from resources.samples import write_chest, write_lumbar
from tests.desktop_app.slide_fake import DrawnSlide, lit_info
from tests.features.hands import SHOWN
from tests.picture_stage import Stage, boxes_on

MANY_CASES, MANY_FINDINGS = 2000, 200


def empty(stage: Stage) -> None:
    """Nothing is there yet."""
    stage.open_window(stage.root / "nothing")
    stage.snap("empty")
    stage.snap("empty-tall", stage.window.centralWidget())


def volume(stage: Stage) -> None:
    """A volume with proposals."""
    stage.open_case()
    stage.snap("volume")
    ids = [proposal.id for proposal in stage.session.proposals][:1]
    stage.session.select(ids)
    stage.snap("volume-selected")
    stage.session.select(())


def planes(stage: Stage) -> None:
    """Three planes with their crosshair."""
    stage.open_case()
    stage.act("three-planes")
    stage.snap("three-planes")
    stage.act("one-view")


def readers(stage: Stage) -> None:
    """Two readers compared."""
    stage.open_case()
    stage.fold("Findings", "Readers")
    stage.act("compare-readers")
    stage.snap("compare-readers")
    stage.act("three-planes")
    stage.snap("compare-readers-planes")
    stage.act("one-view", "compare-readers")


def beside(stage: Stage) -> None:
    """Two cases side by side."""
    stage.open_case()
    stage.session.worklist.open_beside(1)
    stage.until(lambda: stage.window.grid.beside is not None)
    stage.snap("beside")
    stage.window.grid.close_beside()


def panels(stage: Stage) -> None:
    """Each panel of the right column with something in it."""
    stage.open_case(1)
    session = stage.session
    plane = Plane(0, SHOWN)
    mark = Annotation(new_id(), "disc", Box(plane, 30, 40, 20, 14), "Ada", now())
    line = Annotation(new_id(), "tumour", Polyline(plane, ((20.0, 20.0), (60.0, 40.0), (90.0, 30.0))), "Ada", now())
    dots = Annotation(new_id(), "tumour", Points(plane, ((70.0, 60.0), (80.0, 66.0))), "Ada", now())
    session.commit(Edit("Draw", (mark, line, dots), ()))
    session.select([mark.id])
    for name in ("Attributes", "This scan", "Labels", "Measurements", "Models", "Display", "History", "Slide"):
        stage.fold(name)
        stage.snap(f"panel-{name.lower().replace(' ', '-')}")
    stage.fold("Findings", "Attributes", "Labels", "Measurements", "History")
    stage.snap("panels-open")
    stage.fold("Findings", "Labels", "Models", "Display")


def findings(stage: Stage) -> None:
    """Five findings, and two hundred."""
    stage.open_case()
    stage.fold("Findings")
    stage.snap("findings-5")
    stage.open_window(stage.root / "many")
    stage.session.add_labels(stage.window.session.labels.labels, keep=False)
    path = stage.root / "lumbar.mha"
    write_lumbar(path)
    stage.session.open_paths((path,))
    stage.until(lambda: stage.session.scan is not None)
    stage.rest()
    assert stage.session.scan is not None
    stage.open_scan(stage.session.scan, boxes_on(22, MANY_FINDINGS, 221, 221))
    stage.snap("findings-200")


def worklist(stage: Stage) -> None:
    """Two thousand cases, and what a filter leaves."""
    stage.open_window(stage.root / "listed")
    rows = [
        CaseRow(
            f"Patient {number:04} · abdomen, portal venous phase", STATES[number % 5], detail="CT · 512 × 512 × 320",
            suspicion=None if number % 4 == 0 else (number * 37 % 100) / 100, suspect="Tumour",
            problem="cannot be read" if number == 3 else "", added=time.time() - number * 3600,
            conflicts=number % 7 == 2,
        )
        for number in range(MANY_CASES)
    ]  # fmt: skip
    stage.session.worklist._set_cases(tuple(Case(row) for row in rows))
    stage.session.worklist.rows_changed.emit()
    stage.snap("worklist-2000")
    view = stage.window.findChild(WorklistView)
    assert view is not None
    view.filter.setText("abdomen 00")
    view.states.setCurrentIndex(2)
    stage.snap("worklist-filtered")
    view.filter.setText("no such case")
    stage.snap("worklist-none")


def samples(stage: Stage) -> None:
    """A radiograph and a colour picture."""
    stage.open_window(stage.root / "samples")
    path = stage.root / "chest.png"
    write_chest(path)
    stage.session.open_paths((path,))
    stage.until(lambda: stage.session.scan is not None)
    stage.snap("chest")


def slide(stage: Stage) -> None:
    """A slide, and one of fluorescence channels."""
    stage.open_window(stage.root / "slides")
    stage.open_scan(DrawnSlide())
    stage.snap("slide")
    stage.fold("Slide", "Display")
    stage.snap("slide-panel")
    view = stage.window.grid.view.viewport
    assert view is not None
    stage.open_scan(DrawnSlide(lit_info()))
    stage.fold("Channels", "Slide")
    stage.snap("slide-channels")
    stage.act("views-4")
    stage.snap("slide-four-views")


def palette(stage: Stage) -> None:
    """The palette of actions."""
    stage.open_case()
    stage.window.comfort.show_palette()
    palette = stage.window.comfort.palette
    assert palette is not None
    stage.snap("palette")
    palette.leave()


def sheets(stage: Stage) -> None:
    """The dialogs."""
    stage.open_case()
    window, session, look = stage.window, stage.session, stage.window._look
    settings = window._settings.settings
    stage.snap_sheet("sheet-keys", KeySheet(window, look, window.action_rows))
    rows = window.action_rows
    stage.snap_sheet("sheet-own-keys", KeysDialog(window, look, rows, "overread", (), lambda *_: None))
    stage.snap_sheet("sheet-preferences", Preferences(window, look, settings, "Ada"))
    stage.snap_sheet("sheet-label", LabelSheet(window, look, session.labels.labels[0], session.labels))
    stage.snap_sheet("sheet-new-label", NewLabel(window, look))
    formats = (("COCO", "coco"), ("NIfTI", "nifti"))
    stage.snap_sheet("sheet-export", Destination(window, look, "Export", "Export", formats))
    stage.snap_sheet("sheet-about", About(window, look))
    stage.snap_sheet("sheet-choose-case", ChooseCase(window, look, session.cases, 0))


def tools(stage: Stage) -> None:
    """The strip with the options of each tool."""
    stage.open_case()
    for name in stage.session.tools:
        stage.session.set_tool(name)
        stage.snap(f"tool-{name}", stage.window.strip)
    stage.session.set_tool("brush")
    stage.snap("tool-brush-window")
    stage.session.set_tool("select")


def menus(stage: Stage) -> None:
    """Every menu, as long as it is; what is longer than the screen is told."""
    stage.open_case()
    room = stage.window.screen().availableGeometry().height()
    for action in stage.window.menuBar().actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        if not action.isVisible():
            continue
        name = action.text().replace("&", "").lower()
        menu.popup(stage.window.mapToGlobal(stage.window.menuBar().actionGeometry(action).bottomLeft()))
        stage.snap(f"menu-{name}", menu)
        if menu.sizeHint().height() > room:
            print(f"{stage.look.name}: the menu {name} is {menu.sizeHint().height()} high on a screen of {room}")
        menu.hide()


def redressed(stage: Stage) -> None:
    """The window after its theme and scale were changed while it was open, and back."""
    stage.open_case()
    look = stage.window._look
    other = replace(look, scale=1.0 if look.scale > 1 else 2.0)
    stage.window.redress(other)
    stage.snap("redressed-other")
    stage.window.redress(look)
    stage.snap("redressed-back")


SCENES: dict[str, Callable[[Stage], None]] = {
    scene.__name__: scene
    for scene in (
        empty, volume, planes, readers, beside, panels, findings, worklist, samples, slide, palette, sheets, tools,
        menus, redressed,
    )
}  # fmt: skip
