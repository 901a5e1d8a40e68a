from mmm.data.names import clean_name, fold, nearest


def test_bidi_marks_no_break_spaces_and_line_breaks_leave_a_name():
    assert clean_name("\u200f הכנסות\u00a0 נטו\u202c \n") == "הכנסות נטו"


def test_a_composed_and_a_decomposed_letter_are_one_name():
    assert clean_name("cafe\u0301") == clean_name("café") == "café"


def test_case_underscores_and_hebrew_quotes_fold_together():
    assert fold("TV_Spend") == fold("tv spend")
    assert fold("סה״כ") == fold('סה"כ')


def test_the_nearest_name_survives_typos_and_swapped_words():
    assert nearest("revnue", ["tv_spend", "revenue"]) == "revenue"
    assert nearest("spend tv", ["tv_spend", "revenue"]) == "tv_spend"
    assert nearest("הכנסה", ["תאריך", "הכנסות"]) == "הכנסות"


def test_nothing_near_is_none():
    assert nearest("weather", ["tv_spend", "revenue"]) is None
    assert nearest("weather", []) is None
