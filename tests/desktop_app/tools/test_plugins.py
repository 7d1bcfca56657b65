"""Every tool of the family."""

import pytest

from desktop_app import tools
from desktop_app.tool import Tool
from imaging.plugins import gather
from tests.desktop_app.tools.hand import Reader

TOOLS = gather(tools, Tool)


def test_the_tools_are_there() -> None:
    assert {tool.name for tool in TOOLS} >= {"select", "box", "polygon", "brush", "eraser"}


def test_no_two_tools_share_a_key() -> None:
    assert len({tool.key for tool in TOOLS}) == len(TOOLS)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_left_alone_changes_nothing(tool: Tool) -> None:
    reader = Reader(tool)
    assert tool.title
    assert tool.icon
    for outcome in (
        reader.hover(10, 10),
        reader.move(20, 20),
        reader.release(20, 20),
        tool.finish(reader.bench),
        tool.back(reader.bench),
        tool.cancel(),
    ):
        assert outcome.edit is None
