"""Linked views: where one view of a slide goes when another one moved. No Qt."""

from __future__ import annotations

from dataclasses import replace

from desktop_app.canvas.viewport import Viewport


def followed(before: Viewport, after: Viewport, follower: Viewport, pixels: float = 1.0) -> Viewport:
    """A view that keeps its offset, its relative zoom and its angle to one that moved.

    `pixels` is how many pixels of the follower's plane one of the leader's takes (1 on the same scan).
    """
    dx, dy = (after.centre[axis] - before.centre[axis] for axis in (0, 1))
    x, y = follower.centre[0] + dx * pixels, follower.centre[1] + dy * pixels
    centre = min(max(x, 0.0), float(follower.plane_width)), min(max(y, 0.0), float(follower.plane_height))
    angle = (follower.angle + after.angle - before.angle) % 360.0
    return replace(follower, centre=centre, scale=follower.scale * after.scale / before.scale, angle=angle)


def is_move(before: Viewport | None, after: Viewport) -> bool:
    """Whether a view was moved by hand, and not resized or given another plane."""
    return (
        before is not None
        and (before.width, before.height) == (after.width, after.height)
        and (before.plane, before.plane_width, before.plane_height)
        == (after.plane, after.plane_width, after.plane_height)
        and before != after
    )
