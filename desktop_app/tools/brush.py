"""Paint a mask with a round brush; Alt erases."""

from __future__ import annotations

from desktop_app.tools.stroke import StrokeTool


class BrushTool(StrokeTool):
    """Extends the selected mask, or the current label's."""

    name = "brush"
    title = "Brush"
    key = "B"
    icon = "brush"


PLUGIN = BrushTool()
