"""Make masks a pixel smaller."""

from __future__ import annotations

from desktop_app.tools.operations.growing import Growing


class Shrink(Growing):
    """Across and down on each plane."""

    name = "shrink"
    title = "Shrink by a pixel"
    icon = "shrink"
    tip = "Make the selected masks smaller by a pixel on each plane"
    nothing = "They cannot shrink"
    shrinks = True


PLUGIN = Shrink()
