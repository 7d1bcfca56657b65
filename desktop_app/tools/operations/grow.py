"""Make masks a pixel larger."""

from __future__ import annotations

from desktop_app.tools.operations.growing import Growing


class Grow(Growing):
    """Across and down on each plane."""

    name = "grow"
    title = "Grow by a pixel"
    icon = "grow"
    tip = "Make the selected masks larger by a pixel on each plane"
    nothing = "They cannot grow any further"


PLUGIN = Grow()
