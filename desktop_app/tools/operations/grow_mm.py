"""Make masks a millimetre larger."""

from __future__ import annotations

from desktop_app.tools.operations.growing import Growing


class GrowMillimetre(Growing):
    """In every direction, also from plane to plane; only where the pixel size is known."""

    name = "grow-mm"
    title = "Grow by a millimetre"
    icon = "grow"
    tip = "Make the selected masks larger by a millimetre in every direction"
    nothing = "A millimetre is less than a pixel here"
    in_mm = True


PLUGIN = GrowMillimetre()
