"""The actions of slides: how close, which way up, where, in how many views, and what a model reads."""

from __future__ import annotations

from collections.abc import Callable

from desktop_app.action import ActionRow, Desk
from desktop_app.canvas.power import POWERS, Optics
from desktop_app.session import Session


def optics_of(session: Session) -> Optics:
    """What is known of how the open scan was made, with what the reader gave."""
    return Optics.of(session.info, session.predicting.pixel_size_mm)


def slide_rows() -> tuple[ActionRow, ...]:
    """Everything of the menu "Slide"."""
    return (*_power_rows(), *_view_rows(), *_split_rows(), *_reading_rows())


def _row(
    id_: str,
    text: str,
    call: Callable[[Desk], object],
    *keys: str,
    group: int,
    icon: str = "",
    tip: str = "",
    can: Callable[[Session], bool] = lambda _session: True,
) -> ActionRow:
    return ActionRow(id_, text, call, keys, "slide", "Slide", group, icon, tip, can)


def _power_rows() -> tuple[ActionRow, ...]:
    steps = tuple(
        ActionRow(
            f"power-{power:g}",
            f"See at {power:g}×",
            _at(power),
            (str(number),),
            "slide",
            "Slide",
            name=_named(power),
        )
        for number, power in enumerate(POWERS, 1)
    )
    pixels = _row("pixels", "See every pixel (1:1)", lambda d: d.slide.see_pixels(), "7", group=0)
    return (*steps, pixels)


def _at(power: float) -> Callable[[Desk], object]:
    return lambda desk: desk.slide.see_at(power)


def _named(power: float) -> Callable[[Session], str]:
    return lambda session: f"See at {optics_of(session).name(power)}"


def _view_rows() -> tuple[ActionRow, ...]:
    return (
        _row("turn-right", "Turn right by 90°", lambda d: d.slide.turn(90), "T", group=1, icon="turn-right"),
        _row("turn-left", "Turn left by 90°", lambda d: d.slide.turn(-90), "Shift+T", group=1, icon="turn-left"),
        _row("turn-back", "As it was scanned", lambda d: d.slide.turn_back(), "Ctrl+T", group=1),
        _row("go-to", "Go to a place…", lambda d: d.slide.ask_place(), "Ctrl+G", group=2, icon="place"),
        _row(
            "copy-place",
            "Copy this place",
            lambda d: d.slide.copy_place(),
            "Ctrl+Shift+C",
            group=2,
            tip="Copy where the middle of the view is",
        ),
        _row("overview", "Overview", lambda d: d.slide.toggle_overview(), "O", group=2, icon="overview"),
        _row(
            "pictures",
            "Label and macro picture…",
            lambda d: d.slide.ask_pictures(),
            group=2,
            tip="Pictures beside the slide; they may show the patient's name",
            can=lambda s: s.info is not None and bool(s.info.associated) and not s.blinds.blinding.names,
        ),
    )


def _split_rows() -> tuple[ActionRow, ...]:
    return (
        _row("views-1", "One view", lambda d: d.slide.split(1), "F2", group=3, icon="view-one"),
        _row("views-2", "Split view in two", lambda d: d.slide.split(2), "F3", group=3, icon="view-two"),
        _row("views-4", "Split view in four", lambda d: d.slide.split(4), "F4", group=3, icon="view-four"),
        _row("link", "Link the views", lambda d: d.slide.toggle_link(), "K", group=3, icon="link"),
        _row("next-view", "Next view", lambda d: d.slide.next_view(), "F6", group=3),
    )


def _reading_rows() -> tuple[ActionRow, ...]:
    def can(session: Session) -> bool:
        return bool(session.model)

    return (
        _row("read-view", "Read what is on screen", lambda d: d.slide.read_view(), "Shift+M", group=4, can=can),
        _row(
            "read-selection",
            "Read the selected outlines",
            lambda d: d.session.slides.read_selection(),
            "Ctrl+Alt+M",
            group=4,
            can=lambda s: can(s) and bool(s.selection),
        ),
        _row("read-tissue", "Read the tissue", lambda d: d.session.slides.read_tissue(), "Ctrl+M", group=4, can=can),
        _row(
            "read-all",
            "Read the whole slide",
            lambda d: d.session.slides.read_all(),
            "Ctrl+Shift+M",
            group=4,
            can=can,
        ),
        _row("find-tissue", "Find tissue", lambda d: d.session.slides.find_tissue(), "Ctrl+Shift+T", group=5),
        _row("next-spot", "Next hot spot", lambda d: d.session.slides.next_spot(1), "J", group=5, icon="down"),
        _row(
            "previous-spot",
            "Previous hot spot",
            lambda d: d.session.slides.next_spot(-1),
            "Shift+J",
            group=5,
            icon="up",
        ),
    )


def exchange_rows() -> tuple[ActionRow, ...]:
    """Files of annotations, as other programs write them; for any scan."""
    return (
        ActionRow(
            "import-marks",
            "Import annotations…",
            lambda d: d.slide.ask_import(),
            ("Ctrl+I",),
            menu="File",
            group=2,
            icon="open",
            tip="Put the marks of a GeoJSON file, as QuPath writes it, on the open scan",
            can=lambda s: s.info is not None,
        ),
        ActionRow(
            "export-marks",
            "Export annotations…",
            lambda d: d.slide.ask_export(),
            ("Ctrl+Shift+E",),
            menu="File",
            group=2,
            icon="export",
            tip="Write the annotations of the open scan as GeoJSON, which QuPath reads",
            can=lambda s: bool(s.document.annotations),
        ),
    )
