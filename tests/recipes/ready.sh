#!/usr/bin/env bash
# Whether the engines of the recipes can work at all on this machine; usage: tests/recipes/ready.sh VENV
set -euo pipefail
venv=$(realpath "$1")
command -v ps >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/spark.py" <<'EOF'
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false").getOrCreate()
assert spark.range(100).count() == 100
EOF
PYSPARK_PYTHON="$venv/bin/python" SPARK_LOCAL_IP=127.0.0.1 timeout 180 "$venv/bin/python" "$work/spark.py"
RAY_USAGE_STATS_ENABLED=0 timeout 180 "$venv/bin/python" -c 'import ray; ray.init(); assert ray.data.range(10).count() == 10'
timeout 60 "$venv/bin/python" -c 'import boto3, duckdb, moto'
