#!/usr/bin/env bash
# Reads Parquet of tlspcap with DuckDB and with Spark and compares every value with the NDJSON.
# Needs a build with the feature `parquet`, pip, and java for Spark; usage: tests/recipes/parquet.sh [TOOL]
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$(realpath "${1:-target/release/tlspcap}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

venv=$(realpath -m "${TLSPCAP_VENV:-$work/venv}")
if [ ! -x "$venv/bin/spark-submit" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet pyspark duckdb
fi

"$tool" triage --hash captures README.md -o "$work/rows.ndjson"
"$tool" triage --hash captures README.md -o "$work/rows.parquet"

echo "== DuckDB"
"$venv/bin/python" tests/recipes/same_rows.py "$work/rows.ndjson" "$work/rows.parquet"

if command -v java >/dev/null; then
  echo "== Spark"
  # What Spark reads it writes again, and that is compared.
  cat >"$work/again.py" <<'EOF'
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
table = spark.read.parquet(sys.argv[1])
table.printSchema()
table.write.parquet(sys.argv[2])
EOF
  PYSPARK_PYTHON="$venv/bin/python" SPARK_LOCAL_IP=127.0.0.1 "$venv/bin/python" "$work/again.py" "$work/rows.parquet" "$work/again" 2>"$work/log" ||
    { cat "$work/log"; exit 1; }
  "$venv/bin/python" tests/recipes/same_rows.py "$work/rows.ndjson" "$work/again/*.parquet"
fi
