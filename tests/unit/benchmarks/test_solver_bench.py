"""The problems of the solver benchmark are what its page says they are."""

import pytest

from benchmarks import solver
from benchmarks.solver import CASES, Case, made_up, problem_of, solved, table


@pytest.mark.parametrize("name", ["steady", "window", "worst tenth", "groups"])
def test_every_kind_of_case_is_solved_with_its_certificate(name):
    found = solved(Case(name, 10, 40, 1 if name == "steady" else 3))
    assert found.spend.sum() == pytest.approx(10 * solver.BUDGET_A_CELL)
    assert 0 <= found.solution.gap <= 2e-3


def test_a_steady_case_has_no_carry_over_and_a_window_has_a_quarter_of_it():
    assert made_up(Case("steady", 5, 2, 1)).media.lags == 1
    assert made_up(Case("window", 5, 2, 13)).media.lags == 14


def test_channels_are_groups_of_five_cells_and_half_of_the_cells_are_one_more():
    groups = problem_of(Case("groups", 20, 2, 1)).groups
    assert [len(group.members) for group in groups] == [5, 5, 5, 5, 10]


def test_the_table_has_a_row_a_case_with_its_goal(tmp_path, monkeypatch):
    monkeypatch.setattr(solver, "MEASURED", tmp_path / "solver.json")
    monkeypatch.setattr(solver, "CASES", CASES[:2])
    line = '{"seconds": 0.5, "cpu_seconds": 0.7, "gap": 4e-4, "peak_mib": 300}'
    on = '{"cores": 2, "processor": "x", "system": "Linux", "load": 0.0}'
    solver.MEASURED.write_text(f'{{"machine": {on}, "lines": [{line}, {line}]}}', encoding="utf-8")
    rows = table().splitlines()
    assert rows[2] == "| steady | 50 | 1000 | 1 | **0.50** | 0.70 | 1 | 4.0e-04 | 300 |"
