import stat

import pytest

from mmm.errors import DataError
from mmm.warehouse.salt import Salt, hashed


def test_a_salt_is_made_once_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "data" / "acme.salt"
    first = Salt(path).secret()
    assert Salt(path).secret() == first
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_person_is_one_id_here_and_another_elsewhere(tmp_path):
    here, there = Salt(tmp_path / "a"), Salt(tmp_path / "b")
    one, same, other, none = hashed(["dana@x.com", " Dana@X.com ", "noa@x.com", ""], here.secret)
    assert one == same != other
    assert none == ""
    assert len(one) == 32
    assert hashed(["dana@x.com"], there.secret) != [one]


def test_no_salt_is_made_where_nobody_is_hashed(tmp_path):
    hashed(["", ""], Salt(tmp_path / "a").secret)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("content", ["", "zz", "00ff"])
def test_a_damaged_salt_is_told_and_never_replaced(tmp_path, content):
    path = tmp_path / "acme.salt"
    path.write_text(content)
    with pytest.raises(DataError, match="salt"):
        Salt(path).secret()
    assert path.read_text() == content
