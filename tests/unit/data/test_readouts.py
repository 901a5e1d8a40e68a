"""Results of past tests as people write them."""

import pytest

from mmm.data.readouts import read_readouts
from mmm.data.settings import DataSettings, ExperimentsTable

DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)
HEAD = "id,channel,start,end,spend_change"


@pytest.fixture
def read(tmp_path):
    def read(*lines: str):
        (tmp_path / "tests.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_readouts(ExperimentsTable(source="tests.csv"), DATA, tmp_path)

    return read


def test_a_row_is_read_as_it_stands(read):
    (found,), _, faults = read(
        f"{HEAD},lift,lift_se,audience,geos,cooldown,df,method,status",
        "spring,TV,2025-03-03,2025-03-30,120000,-5000,9000,evening,north; south,2,14,geo split,read",
    )
    assert faults == []
    assert (found.id, found.channel, found.audience, found.geos) == (
        "spring",
        "TV",
        "evening",
        ("north", "south"),
    )
    assert (str(found.start), str(found.end), found.cooldown, found.df) == ("2025-03-03", "2025-03-30", 2, 14)
    assert (found.spend_change, found.lift, found.lift_se) == (120_000, -5_000, 9_000)
    assert not found.percent
    assert found.where.endswith("row 2")


def test_an_interval_and_its_level_give_the_error_of_a_normal(read):
    (ninety, percents), _, faults = read(
        f"{HEAD},lift,lift_lo,lift_hi,level",
        "a,tv,2025-03-03,2025-03-30,100,210,140,280,0.9",
        "b,tv,2025-03-03,2025-03-30,100,210,140,280,95",
    )
    assert faults == []
    assert ninety.lift_se == pytest.approx(70 / 1.644854, rel=1e-6)  # quantiles of the normal, from a table
    assert percents.lift_se == pytest.approx(70 / 1.959964, rel=1e-6)


def test_a_lift_in_per_cent_is_marked_as_such(read):
    (found,), _, faults = read(f"{HEAD},lift_percent,lift_percent_se", "a,tv,2025-03-03,2025-03-30,100,2.5,1")
    assert faults == []
    assert (found.percent, found.lift, found.lift_se) == (True, 2.5, 1)


def test_a_later_row_settles_an_earlier_one_of_the_same_test(read):
    found, _, faults = read(
        f"{HEAD},lift,lift_se,status",
        "a,tv,2025-03-03,2025-03-30,100,5,1,read",
        "b,tv,2025-05-05,2025-06-01,100,7,1,read",
        "A,tv,2025-03-03,2025-03-30,100,5,1,void",
        "b,tv,2025-05-05,2025-06-01,100,7,2,widened",
    )
    assert faults == []
    assert [(row.id, row.lift_se) for row in found] == [("b", 2.0)]


def test_a_test_without_a_result_yet_is_left_out_and_listed_until_it_is_read(read):
    head = f"{HEAD},lift,lift_se,status"
    running = "a,tv,2025-03-03,2025-03-30,100,,,running"
    found, notes, faults = read(head, running)
    assert (found, faults) == ((), [])
    assert [(note.where, note.severity) for note in notes] == [("a", "pass")]
    assert "mmm tests read" in notes[0].remedy
    found, notes, faults = read(head, running, "a,tv,2025-03-03,2025-03-30,100,5,1,read")
    assert (len(found), notes, faults) == (1, [], [])


def test_a_row_whose_status_is_void_is_left_out_and_listed(read):
    found, notes, faults = read(
        f"{HEAD},lift,lift_se,status",
        "a,tv,2025-03-03,2025-03-30,100,5,1,void",
        "b,tv,2025-03-03,2025-03-30,100,5,1,",
    )
    assert faults == []
    assert [readout.id for readout in found] == ["b"]
    assert [(note.where, note.severity) for note in notes] == [("a", "pass")]
    assert "void" in notes[0].value


def test_a_contradiction_is_settled_by_a_status_with_its_reason(read):
    (kept, widened), notes, faults = read(
        f"{HEAD},lift,lift_se,status,reason",
        "a,tv,2025-03-03,2025-03-30,100,5,1,Kept,a new creative",
        "b,tv,2025-03-03,2025-03-30,100,5,1,widened,before the move",
        "c,tv,2025-03-03,2025-03-30,100,5,1,void,the shop was closed",
    )
    assert faults == []
    assert (kept.settled, kept.reason) == ("kept", "a new creative")
    assert (widened.settled, widened.reason) == ("widened", "before the move")
    assert [note.value for note in notes] == ["left out: its status is void (the shop was closed)"]


def test_the_last_decision_about_a_result_counts(read):
    (found,), _, faults = read(
        f"{HEAD},lift,lift_se,status",
        "a,tv,2025-03-03,2025-03-30,100,5,1,read",
        "a,tv,2025-03-03,2025-03-30,100,5,2,widened",
        "a,tv,2025-03-03,2025-03-30,100,5,3,kept",
    )
    assert faults == []
    assert (found.settled, found.lift_se) == ("kept", 3)


def test_every_fault_of_every_row_is_said_at_once_with_its_row(read):
    found, _, faults = read(
        f"{HEAD},lift,lift_se,lift_lo,lift_hi,level,cooldown,df,status",
        "a,tv,2025-03-03,2025-03-30,100,5,0,,,,,,",
        "a,tv,2025-03-30,2025-03-03,100,5,1,,,,,,",
        "c,tv,2025-03-03,2025-03-30,0,5,1,,,,,,",
        "d,tv,2025-03-03,2025-03-30,100,5,,6,9,0.9,,,",
        "e,tv,2025-03-03,2025-03-30,100,5,,4,9,,,,",
        "f,tv,2025-03-03,2025-03-30,100,5,,,,,,,",
        "g,tv,2025-03-03,2025-03-30,100,5,1,,,,1.5,,",
        "h,tv,2025-03-03,2025-03-30,100,5,1,,,,,-2,",
        "i,tv,2025-03-03,2025-03-30,100,5,1,,,,,,dropped",
        "j,,2025-03-03,2025-03-30,100,5,1,,,,,,",
    )
    assert found == ()
    told = dict(fault.split("row ", 1)[1].split(": ", 1) for fault in faults if "twice" not in fault)
    for row, word in {
        "2": "lift_se is 0", "3": "before it starts", "4": "spend_change", "5": "not inside", "6": "level",
        "7": "neither lift_se", "8": "whole weeks", "9": "degrees of freedom", "10": "dropped", "11": "no channel",
    }.items():  # fmt: skip
        assert word in told[row], row
    assert any("row 3" in fault and "twice" in fault for fault in faults)


def test_a_column_that_is_missing_is_named_with_the_nearest(read):
    _, _, faults = read(
        "id,channel,start,end,change_of_spend,lift,lift_se", "a,tv,2025-03-03,2025-03-30,100,5,1"
    )
    assert len(faults) == 1
    assert '"spend_change"' in faults[0]
    _, _, faults = read(f"{HEAD},lift", "a,tv,2025-03-03,2025-03-30,100,5")
    assert '"lift_se"' in faults[0]


def test_a_lift_that_cannot_be_read_is_one_fault_and_not_two(read):
    _, _, faults = read(f"{HEAD},lift,lift_se", "a,tv,2025-03-03,2025-03-30,100,many,1")
    assert len(faults) == 1
    assert "many" in faults[0]
