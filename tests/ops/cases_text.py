"""StringConcat, StringNormalizer, StringSplit, RegexFullMatch, TfIdfVectorizer."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case, const


def tf_idf(inputs: list[Any], **changed: Any) -> Case:
    """A row with three bigrams that count into columns 0, 1 and 7."""
    stated = {key: changed.pop(key) for key in ("out", "error", "skip_ort") if key in changed}
    attrs: dict[str, Any] = {
        "mode": "TF",
        "min_gram_length": 2,
        "max_gram_length": 2,
        "max_skip_count": 0,
        "ngram_counts": (0, 0),
        "ngram_indexes": (0, 1, 7),
        "pool_int64s": (2, 3, 5, 4, 5, 6),
    } | changed
    attrs = {name: value for name, value in attrs.items() if value is not None}
    return case("TfIdfVectorizer", inputs, **stated, **attrs)


CASES = [
    # StringConcat
    case("StringConcat", ["string[N, 1]", "string[4]"], out=["string[N, 4]"]),
    case("StringConcat", ["string[...]", "string[4]"], out=["string[...]"]),
    case("StringConcat", ["string[3]", "string[4]"], error="broadcast-mismatch"),
    case("StringConcat", ["string[3]", "f32[3]"], error="dtype-unsupported"),
    # StringNormalizer
    case("StringNormalizer", ["string[N]"], out=["string[N]"]),
    case(
        "StringNormalizer",
        ["string[1, N]"],
        out=["string[1, N]"],
        case_change_action="LOWER",
        locale="C",
    ),
    case("StringNormalizer", ["string[M, N]"], out=["string[1, N]"], contract=["M == 1"]),
    case(
        "StringNormalizer",
        ["string[5]"],
        out=["string[words]"],
        stopwords=("b",),
        locale="C",
        opset=10,
    ),
    case(
        "StringNormalizer",
        ["string[1, 5]"],
        out=["string[1, words]"],
        stopwords=("a", "b"),
        locale="C",
    ),
    case("StringNormalizer", ["string[1]"], out=["string[1]"], stopwords=("a",), locale="C"),
    case(
        "StringNormalizer",
        [const(["Monday", "tuesday", "MONDAY"], "string")],
        out=["string[1]"],
        stopwords=("monday",),
        name="known words",
        skip_ort="the locale of English is not installed everywhere",
    ),
    case(
        "StringNormalizer",
        [const(["Monday", "tuesday", "MONDAY"], "string")],
        out=["string[3]"],
        stopwords=("monday",),
        is_case_sensitive=1,
        locale="C",
        name="known words in their case",
    ),
    case(
        "StringNormalizer",
        [const([["a", "a"]], "string")],
        out=["string[1, 1]"],
        stopwords=("a",),
        locale="C",
        is_case_sensitive=1,
        name="none is left",
    ),
    case(
        "StringNormalizer",
        [const(["\u00c4", "b"], "string")],
        out=["string[words]"],
        stopwords=("\u00e4",),
        locale="C",
        name="what is a letter is a question of the locale",
    ),
    case("StringNormalizer", ["string[...]"], out=["string[...]"]),
    case("StringNormalizer", ["string[2, 3]"], error="shape-mismatch"),
    case("StringNormalizer", ["string[]"], error="rank-mismatch"),
    case("StringNormalizer", ["string[0]"], error="size-too-small"),
    case("StringNormalizer", ["string[3]"], error="attr-value", case_change_action="TITLE"),
    case("StringNormalizer", ["f32[3]"], error="dtype-unsupported"),
    # StringSplit
    case("StringSplit", ["string[N, 2]"], out=["string[N, 2, parts]", "i64[N, 2]"]),
    case("StringSplit", ["string[]"], out=["string[parts]", "i64[]"], delimiter=",", maxsplit=2),
    case("StringSplit", ["string[...]"], out=["string[...]", "i64[...]"]),
    case(
        "StringSplit",
        [const([" hello  big world", "", "a b"], "string")],
        out=["string[3, 3]", "i64[3]"],
        elements=[None, [3, 0, 2]],
        name="known words",
    ),
    case(
        "StringSplit",
        [const(["o-n-n--x-", "o", "-"], "string")],
        out=["string[3, 3]", "i64[3]"],
        elements=[None, [3, 1, 2]],
        delimiter="-",
        maxsplit=2,
        name="known parts",
    ),
    case(
        "StringSplit",
        [const(["a\tb"], "string")],
        out=["string[1, parts]", "i64[1]"],
        name="what is white space differs",
    ),
    case(
        "StringSplit",
        [const(["", "a"], "string")],
        out=["string[2, parts]", "i64[2]"],
        delimiter="-",
        name="how many parts an empty text has differs",
    ),
    case("StringSplit", ["i64[3]"], error="dtype-unsupported"),
    # RegexFullMatch
    case("RegexFullMatch", ["string[N, 2]"], out=["bool[N, 2]"], pattern="a+"),
    case("RegexFullMatch", ["u8[3]"], error="dtype-unsupported", pattern="a"),
    # TfIdfVectorizer
    tf_idf(["i64[5]"], out=["f32[8]"]),
    tf_idf(["i32[N, C]"], out=["f32[N, 8]"], mode="TFIDF", weights=(1.0, 2.0, 0.5)),
    tf_idf(["i64[...]"], out=["f32[...]"]),
    tf_idf(
        ["string[5]"],
        out=["f32[2]"],
        pool_int64s=None,
        pool_strings=("a", "b", "c", "d"),
        ngram_indexes=(0, 1),
    ),
    tf_idf(["i64[]"], error="rank-mismatch"),
    tf_idf(["i64[2, 5, 3]"], error="rank-mismatch"),
    tf_idf(["f32[5]"], error="dtype-unsupported"),
    tf_idf(["i64[5]"], error="attr-value", mode="BM25"),
    tf_idf(["i64[5]"], error="attr-value", min_gram_length=3),
    tf_idf(["i64[5]"], error="attr-value", min_gram_length=0),
    tf_idf(["i64[5]"], error="attr-value", max_skip_count=-1),
    tf_idf(["i64[5]"], error="attr-value", ngram_indexes=(0, -1, 7)),
    tf_idf(["i64[5]"], error="attr-value", ngram_counts=(0,)),
    tf_idf(["i64[5]"], error="attr-value", weights=(1.0,)),
    tf_idf(["i64[5]"], error="attr-value", pool_int64s=None),
    tf_idf(["i64[5]"], error="attr-missing", ngram_counts=None),
]
