"""Tables that people bring and take away: nothing is lost, whatever the file is."""

import json

import numpy as np
import pandas as pd
import pytest

from rewardlab.data.dialogues import prompt_of
from rewardlab.data.tables import read_table, with_index_as_columns, write_table
from rewardlab.running.errors import UserError

ENDINGS = [".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet"]
TABLE = pd.DataFrame(
    {
        "prompt": ["123", "none", 'a\n"b", c', ""],
        "code": ["007", "010", "1", "2"],
        "count": [1, 2, 3, 4],
        "value": [0.1, 1e-20, -3.0, 1 / 3],
    }
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_again(tmp_path, ending):
    path = tmp_path / f"table{ending}"
    write_table(TABLE, path)
    frame, place = read_table(path, texts=["prompt"])
    assert frame.prompt.tolist() == TABLE.prompt.tolist()
    assert frame.code.tolist() == TABLE.code.tolist()
    assert frame["count"].tolist() == TABLE["count"].tolist()
    assert frame.value.tolist() == TABLE.value.tolist()
    assert str(path) in place(1)
    first = path.read_bytes()
    write_table(TABLE, path)
    assert path.read_bytes() == first


def test_the_line_of_a_row_counts_lines_not_rows(tmp_path):
    path = tmp_path / "table.csv"
    write_table(TABLE, path)
    assert read_table(path).place(3) == f"{path}, line 6"


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_an_index_is_kept(tmp_path, ending):
    source, target = tmp_path / "in.parquet", tmp_path / f"out{ending}"
    TABLE.assign(id=list("wxyz")).set_index("id").to_parquet(source)
    write_table(read_table(source).frame, target)
    read = pd.read_parquet(target) if ending == ".parquet" else read_table(target).frame
    ids = read.index if ending == ".parquet" else read.id
    assert ids.tolist() == list("wxyz")


def test_whole_numbers_with_a_gap_keep_their_digits(tmp_path):
    text = "name,id\na,12345678901234567\nb,\n"
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text)
    write_table(read_table(source).frame, target)
    assert target.read_text() == text


def test_missing_values_nested_values_and_odd_columns(tmp_path):
    rows = [{"id": 1, "meta": {"a": [1]}}, {"id": None, "meta": None}, {"meta": "text"}]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    frame = read_table(path).frame
    write_table(frame, tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert written == [*rows[:2], {"id": None, "meta": "text"}]
    with pytest.raises(UserError, match=r"out\.parquet: parquet cannot hold this table .*jsonl"):
        write_table(frame, tmp_path / "out.parquet")


def test_numbers_of_parquet_become_json(tmp_path):
    path = tmp_path / "in.parquet"
    pd.DataFrame({"v": [np.float32(0.5)], "list": [np.array([1, 2])]}).to_parquet(path)
    write_table(read_table(path).frame, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == [{"v": 0.5, "list": [1, 2]}]


def test_a_name_that_does_not_say_what_the_file_is(tmp_path):
    with pytest.raises(UserError, match=r"table\.txt is of an unknown kind; expected one of"):
        write_table(TABLE, tmp_path / "table.txt")


def test_cells_become_numbers_only_if_they_are_written_as_the_numbers_would_be(tmp_path):
    columns = {
        "version": ["1.10", "1.1"],
        "signed": ["+5", "3"],
        "long": ["123456789012345678901234", "1"],
        "share": ["1", "0.5"],
    }
    path, target = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    frame = read_table(path).frame
    assert {name: frame[name].tolist() for name in frame} == columns | {"share": [1.0, 0.5]}
    write_table(frame.drop(columns="share"), target)
    kept = pd.read_csv(target, dtype=str)
    assert {name: kept[name].tolist() for name in kept} == {
        name: values for name, values in columns.items() if name != "share"
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_whole_numbers_of_parquet_with_a_gap_keep_their_digits(tmp_path, ending):
    source, target = tmp_path / "in.parquet", tmp_path / f"out{ending}"
    pd.DataFrame({"n": pd.array([9007199254740993, None], dtype="Int64")}).to_parquet(source)
    write_table(read_table(source).frame, target)
    assert read_table(target).frame.n[0] == 9007199254740993
    assert pd.isna(read_table(target).frame.n[1])


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_rows_that_were_chosen_keep_their_numbers(tmp_path, ending):
    source, target = tmp_path / "in.parquet", tmp_path / f"out{ending}"
    TABLE.iloc[2:].to_parquet(source)
    write_table(read_table(source).frame, target)
    read = read_table(target).frame
    assert (read.index if ending == ".parquet" else read["index"]).tolist() == [2, 3]


def test_an_index_that_is_a_column_as_well(tmp_path):
    ids = pd.DataFrame({"id": ["a", "b"], "v": [1, 2]}).set_index("id", drop=False)
    assert with_index_as_columns(ids).columns.tolist() == ["id", "v"]
    with pytest.raises(UserError, match="both called 'id', and differ"):
        with_index_as_columns(ids.assign(id=["x", "y"]))


def test_lists_in_csv_are_json(tmp_path):
    chat = [{"role": "user", "content": 'say "hi"'}]
    path = tmp_path / "out.csv"
    write_table(pd.DataFrame({"prompt": [chat, "plain"], "v": [1, 2]}), path)
    frame, place = read_table(path, texts=["prompt"])
    assert json.loads(frame.prompt[0]) == chat
    read = [
        prompt_of({"prompt": cell}, "prompt", place(row)) for row, cell in enumerate(frame.prompt)
    ]
    assert read == ['\n\nHuman: say "hi"\n\nAssistant:', "plain"]


def test_what_json_cannot_hold(tmp_path):
    write_table(pd.DataFrame({"v": [[float("nan")]]}), tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == '{"v": [null]}\n'
    with pytest.raises(UserError, match=r"out\.jsonl: JSON cannot hold an infinite number"):
        write_table(pd.DataFrame({"v": [float("inf")]}), tmp_path / "out.jsonl")
