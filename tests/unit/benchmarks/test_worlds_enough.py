"""A side of which little is measured yet stands in no table."""

from types import SimpleNamespace

from benchmarks.recovery_tables import FEWEST, worlds_enough


def test_a_side_needs_worlds_and_not_lines() -> None:
    many = [SimpleNamespace(side="ours", world=f"clean-{n}") for n in range(FEWEST)]
    few = [SimpleNamespace(side="meridian", world=f"clean-{n // 4}") for n in range(2 * FEWEST)]
    assert worlds_enough([*few, *many]) == many
