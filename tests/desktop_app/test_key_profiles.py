"""Key profiles and own keys: no conflicts, nothing unreachable, and what a person takes is theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QKeySequence

from desktop_app import tools
from desktop_app.action import ActionRow, Scope, conflicts
from desktop_app.actions import all_rows
from desktop_app.key_profiles import PROFILES, canonical, given_keys, profiled
from desktop_app.own_keys import holders, keyed, sound, with_keys, without
from desktop_app.settings import ProfileName
from desktop_app.tool import Tool
from imaging.plugins import gather

ROWS = all_rows(gather(tools, Tool))
IDS = [row.id for row in ROWS]
BEHIND_ALTGR = set("[]{}\\@|~#`^€")
"""Written with AltGr on German or French keyboards."""
PROFILE = pytest.mark.parametrize("name", PROFILES)
SCOPES = pytest.mark.parametrize("scope", ["window", "scan", "slide", "no slide"])


def row(name: str, *keys: str, scope: Scope = "window") -> ActionRow:
    return ActionRow(name, name, lambda _desk: None, keys, scope)


def keys_of(rows: tuple[ActionRow, ...], name: str) -> tuple[str, ...]:
    return next(found.keys for found in rows if found.id == name)


@PROFILE
@SCOPES
def test_no_profile_puts_two_actions_on_one_key(name: ProfileName, scope: Scope) -> None:
    table = profiled(ROWS, name)
    together = [found for found in table if found.scope in {scope, "window"}]
    assert conflicts(together) == ()
    assert conflicts(table) == ()


@PROFILE
def test_every_key_of_a_profile_is_one_that_qt_knows(name: ProfileName) -> None:
    for keys in PROFILES[name].values():
        assert keys
        for key in keys:
            assert canonical(key), key


@PROFILE
def test_every_action_can_be_reached_without_altgr(name: ProfileName) -> None:
    for found in profiled(ROWS, name):
        plain = [key for key in found.keys if not BEHIND_ALTGR & set(QKeySequence(key).toString().split("+")[-1])]
        assert plain or not found.keys, found.id


@PROFILE
def test_a_profile_gives_the_keys_it_names(name: ProfileName) -> None:
    table = profiled(ROWS, name)
    for action, keys in PROFILES[name].items():
        if action in IDS:
            assert keys_of(table, action)[: len(keys)] == tuple(map(canonical, keys))


def test_profiles_name_actions_that_exist() -> None:
    named = {action for keys in PROFILES.values() for action in keys}
    assert named <= set(IDS), named - set(IDS)


def test_a_key_that_is_taken_leaves_its_former_owner_which_keeps_others() -> None:
    table = (row("a", "A", "F7"), row("b", "B"), row("c", "A", scope="slide"), row("d", "D", scope="no slide"))
    after = given_keys(table, "b", ("A",))
    assert [found.keys for found in after] == [("F7",), ("A",), (), ("D",)]
    after = given_keys(table, "c", ("d",))
    assert [found.keys for found in after] == [("A", "F7"), ("B",), ("D",), ("D",)]


def test_own_keys_stand_over_the_profile_and_the_later_has_what_two_claim() -> None:
    table = (row("a", "A"), row("b", "B"))
    own = with_keys(with_keys((), "a", ("X",)), "b", ("X",))
    assert [found.keys for found in keyed(table, "overread", own)] == [(), ("X",)]
    assert [found.keys for found in keyed(table, "overread", without(own, "b"))] == [("X",), ("B",)]
    assert keyed(table, "overread", (("gone", "B"),)) == table


def test_who_has_a_key_is_told_where_both_count() -> None:
    table = (row("a", "A"), row("b", "B"), row("c", "C", scope="slide"), row("d", scope="no slide"))
    assert [found.id for found in holders(table, "b", "a")] == ["a"]
    assert holders(table, "a", "A") == ()
    assert holders(table, "d", "C") == ()
    assert holders(table, "nothing", "A") == ()


def test_broken_entries_are_set_aside_one_line_each() -> None:
    own = (("fit", "Ctrl+J"), ("box", "Hyper+Q+Z+1"), (), ("", "A"), ("undo",), ("pan", "Space"))
    good, broken = sound(own)
    assert good == (("fit", "Ctrl+J"), ("undo",))
    assert len(broken) == 4
    assert "box" in broken[0]


@given(
    st.sampled_from(sorted(PROFILES)),
    st.lists(
        st.tuples(st.sampled_from(IDS), st.sampled_from(["A", "Ctrl+K", "1", "Shift+F", "F2", "Return", "Ctrl+1"])),
        max_size=8,
    ),
)
def test_whatever_a_person_sets_two_actions_never_share_a_key(name: ProfileName, chosen: list[tuple[str, str]]) -> None:
    own = ()
    for action, key in chosen:
        own = with_keys(own, action, (key,))
    table = keyed(ROWS, name, own)
    assert conflicts(table) == ()
    if chosen:
        assert keys_of(table, chosen[-1][0]) == (canonical(chosen[-1][1]),)
