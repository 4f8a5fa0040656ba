#!/usr/bin/env bash
# Runs docs/recipes/ray_triage.py on this machine and compares the rows with those of one run. Needs pip; usage: tests/recipes/ray.sh [TOOL]
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$(realpath "${1:-target/release/tlspcap}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=$(realpath -m "${TLSPCAP_VENV:-$work/venv}")
if [ ! -x "$venv/bin/ray" ]; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'ray[data]'
fi

find "$(realpath captures)" -name 'capture.pcap*' | LC_ALL=C sort >"$work/names"
"$tool" triage --format ndjson --files-from "$work/names" >"$work/one.ndjson"
RAY_USAGE_STATS_ENABLED=0 "$venv/bin/python" docs/recipes/ray_triage.py --names "$work/names" --out "$work/table" --tool "$tool" --batch 50 \
  2>"$work/log" || { cat "$work/log"; exit 1; }
cat >"$work/compare.py" <<'EOF'
import json
import sys

import pyarrow.parquet as pq

given = {row["path"]: row for row in map(json.loads, open(sys.argv[1]))}
found = {row["path"]: row for row in pq.read_table(sys.argv[2]).to_pylist()}
assert given.keys() == found.keys(), given.keys() ^ found.keys()
for path, row in given.items():
    for column, value in row.items():
        assert found[path][column] == value, (path, column, value, found[path][column])
print(f"{len(given)} rows, all equal")
EOF
"$venv/bin/python" "$work/compare.py" "$work/one.ndjson" "$work/table"
