from hypothesis import given
from hypothesis import strategies as st

from models.training.splits import Shares, join_groups, part_of, split_groups


@given(st.lists(st.text(min_size=1), unique=True), st.text(min_size=1), st.text(min_size=1))
def test_a_groups_part_does_not_depend_on_the_other_groups(others: list[str], group: str, key: str) -> None:
    together = split_groups([group, *others], key, Shares())
    assert 0 in together[part_of(group, key, Shares())]


def test_another_key_draws_another_split() -> None:
    groups = [f"patient {number}" for number in range(200)]
    first, second = (split_groups(groups, key, Shares()) for key in ("a", "b"))
    assert first["test"] != second["test"]


def test_parts_are_as_large_as_their_shares_and_cover_everything() -> None:
    groups = [f"patient {number}" for number in range(4000)]
    parts = split_groups(groups, "key", Shares(val=0.15, test=0.25))
    assert sorted(index for at in parts.values() for index in at) == list(range(4000))
    assert abs(len(parts["test"]) / 4000 - 0.25) < 0.03
    assert abs(len(parts["val"]) / 4000 - 0.15) < 0.03


def test_all_items_of_a_group_are_in_one_part() -> None:
    parts = split_groups(["one", "two", "one", "one", "two"], "key", Shares(val=0.3, test=0.3))
    for at in parts.values():
        assert not {0, 2, 3} & set(at) or {0, 2, 3} <= set(at)


def test_items_that_share_a_trait_through_others_are_one_group() -> None:
    named = join_groups({"a": ["patient 1"], "b": ["patient 2", "pixels x"], "c": ["pixels x", "patient 1"], "d": []})
    assert named["a"] == named["b"] == named["c"] != named["d"]


@given(st.dictionaries(st.text(), st.lists(st.integers(0, 6)), max_size=12))
def test_group_names_do_not_depend_on_the_order_given(items: dict[str, list[int]]) -> None:
    assert join_groups(items) == join_groups(dict(reversed(items.items())))
