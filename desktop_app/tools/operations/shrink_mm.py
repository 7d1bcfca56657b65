"""Make masks a millimetre smaller."""

from __future__ import annotations

from desktop_app.tools.operations.growing import Growing


class ShrinkMillimetre(Growing):
    """In every direction, also from plane to plane; only where the pixel size is known."""

    name = "shrink-mm"
    title = "Shrink by a millimetre"
    icon = "shrink"
    tip = "Make the selected masks smaller by a millimetre in every direction"
    nothing = "A millimetre is less than a pixel here"
    in_mm = True
    shrinks = True


PLUGIN = ShrinkMillimetre()
