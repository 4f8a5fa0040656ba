"""Compares rows, column by column: same_rows.py NDJSON PARQUET (a file or a glob)."""

import json
import sys

import duckdb


def main(ndjson, parquet):
    columns = json.loads(open(ndjson).readline()).keys()
    kinds = dict(duckdb.sql(f"DESCRIBE SELECT * FROM '{parquet}'").project("column_name, column_type").fetchall())
    for column in columns:
        assert column in kinds, f"no column {column}"
    times = {column for column in columns if kinds[column].startswith("TIMESTAMP")}
    assert times == {"first_time", "last_time", "leaf_not_after"}, times
    assert {column for column in columns if kinds[column] == "INTEGER"} == {
        "connections", "established", "failed", "incomplete", "connection", "stream", "alert", "chain_length"}
    assert {column for column in columns if kinds[column] == "BIGINT"} == {"packets", "bytes", "packet"}
    assert {column for column in columns if kinds[column] == "BOOLEAN"} == {"path_encoded", "has_keys"}
    expected = sorted((json.loads(line) for line in open(ndjson)), key=json.dumps)
    shown = ", ".join(
        f"strftime(\"{column}\" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS \"{column}\"" if column in times
        else f'"{column}"' for column in columns)
    found = duckdb.sql(f"SELECT {shown} FROM '{parquet}'").fetchall()
    found = sorted((dict(zip(columns, row)) for row in found), key=json.dumps)
    assert len(found) == len(expected), f"{len(found)} rows for {len(expected)}"
    for one, other in zip(found, expected):
        assert one == other, f"{one}\nis not\n{other}"
    print(f"{len(found)} rows, all equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
