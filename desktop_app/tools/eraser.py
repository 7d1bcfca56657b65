"""Erase from a mask with a round brush."""

from __future__ import annotations

from desktop_app.tools.stroke import StrokeTool


class EraserTool(StrokeTool):
    """Cuts the selected mask, or the one under the hand."""

    name = "eraser"
    title = "Eraser"
    key = "E"
    icon = "eraser"
    erases = True


PLUGIN = EraserTool()
