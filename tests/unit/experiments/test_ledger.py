from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mmm.errors import DataError, InputError
from mmm.experiments.ledger import Event, read_ledger, record

DAY = date(2027, 1, 4)


def approved(design) -> Event:
    return Event(design.id, "approved", DAY, by="Dana", why="quarter plan", design=design)


def test_a_test_comes_back_as_it_was_approved(tmp_path, design) -> None:
    full = replace(
        design,
        audience="young, urban",
        controls=("region 8", 'region "9"'),
        pairs=(("region 0", "region 8"),),
        kind="geo split",
        seed=7,
    )
    record(read_ledger(tmp_path / "data" / "acme-tests.csv"), approved(full))
    found = read_ledger(tmp_path / "data" / "acme-tests.csv")
    assert found.design("More TV") == replace(full, where="acme-tests.csv, row 2")
    assert found.state("more tv") == "approved"
    assert found.events[0].by == "Dana"


def test_lines_are_only_ever_added(tmp_path, design) -> None:
    path = tmp_path / "tests.csv"
    ledger = record(read_ledger(path), approved(design))
    before = path.read_bytes()
    ledger = record(ledger, Event(design.id, "read", DAY, lift=812.5, lift_se=100.0))
    assert path.read_bytes().startswith(before)
    ledger = record(ledger, Event(design.id, "resolved", DAY, why="other weeks", choice="widen"))
    assert [event.state for event in read_ledger(path).events] == ["approved", "read", "resolved"]
    assert read_ledger(path).events[1].lift == 812.5
    assert read_ledger(path).ids == (design.id,)


def test_a_test_nobody_approved_enters_with_its_readout(tmp_path, design) -> None:
    path = tmp_path / "tests.csv"
    record(read_ledger(path), Event(design.id, "read", DAY, lift=5.0, lift_se=1.0, design=design))
    found = read_ledger(path)
    assert (found.ids, found.state(design.id)) == ((design.id,), "read")
    assert found.design(design.id) is not None


def test_the_same_twice_changes_nothing(tmp_path, design) -> None:
    path = tmp_path / "tests.csv"
    ledger = record(read_ledger(path), approved(design))
    before = path.read_bytes()
    record(ledger, approved(replace(design, where="elsewhere")))
    assert path.read_bytes() == before
    ledger = record(ledger, Event(design.id, "read", DAY))
    before = path.read_bytes()
    record(ledger, Event(design.id, "read", date(2027, 2, 1)))
    assert path.read_bytes() == before


def test_an_approved_test_is_never_changed(tmp_path, design) -> None:
    ledger = record(read_ledger(tmp_path / "tests.csv"), approved(design))
    with pytest.raises(InputError, match="never changed"):
        record(ledger, approved(replace(design, spend_change=9.0)))


@pytest.mark.parametrize(
    ("states", "after", "says"),
    [
        ((), "read", "approve it first"),
        (("approved",), "resolved", "what can follow is read or void"),
        (("approved", "void"), "read", "is void .no reason"),
        (("approved", "void"), "approved", "is void"),
        (("approved", "read"), "approved", "never changed"),
    ],
)
def test_what_cannot_follow_is_refused(tmp_path, design, states, after, says) -> None:
    ledger = read_ledger(tmp_path / "tests.csv")
    for state in states:
        event = Event(design.id, state, DAY, why="no reason")
        ledger = record(ledger, approved(design) if state == "approved" else event)
    new = approved(replace(design, cooldown=5)) if after == "approved" else Event(design.id, after, DAY)
    with pytest.raises(InputError, match=says):
        record(ledger, new)


def test_a_name_that_is_nearly_right_is_asked_about(tmp_path, design) -> None:
    ledger = record(read_ledger(tmp_path / "tests.csv"), approved(design))
    with pytest.raises(InputError, match='did you mean "more tv"'):
        record(ledger, Event("moar tv", "void", DAY))


def test_a_damaged_ledger_names_its_rows(tmp_path, design) -> None:
    path = tmp_path / "tests.csv"
    record(read_ledger(path), approved(design))
    with path.open("a", encoding="utf-8") as file:
        file.write("x,gone,2027-01-04\ny,approved,soon\n")
    with pytest.raises(DataError) as caught:
        read_ledger(path)
    assert "row 3" in str(caught.value)
    assert "row 4" in str(caught.value)


def test_money_nobody_wrote_down_stays_unknown(tmp_path, design) -> None:
    ledger = record(read_ledger(tmp_path / "tests.csv"), approved(replace(design, spend_change=np.nan)))
    found = read_ledger(ledger.path).design(design.id)
    assert found is not None
    assert np.isnan(found.spend_change)
