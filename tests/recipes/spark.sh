#!/usr/bin/env bash
# Runs docs/recipes/spark_triage.py on a cluster of two workers, kills one of them in the middle, and compares the rows with those of
# one machine. Needs java and pip; usage: tests/recipes/spark.sh [TOOL]
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

echo "== 2,400 captures"
mkdir "$work/captures"
sources=(captures/*/capture.pcap)
for ((i = 0; i < 2400; i++)); do
  cp "${sources[i % ${#sources[@]}]}" "$work/captures/$(printf %04d "$i").pcap"
done
printf 'not a capture\n' >"$work/captures/notes.txt"
"$tool" triage "$work/captures" >"$work/one.ndjson"
find "$work/captures" -type f >"$work/names.txt"

# A tool that tells when it begins with a batch and takes a while, so that there is a middle.
cat >"$work/slow" <<EOF
#!/bin/sh
if [ "\$1" = triage ]; then mktemp "$work/begun.XXXXXX" >/dev/null; sleep 1; fi
exec "$tool" "\$@"
EOF
chmod +x "$work/slow"

echo "== local-cluster[2,1,1024]"
export PYSPARK_PYTHON="$venv/bin/python" SPARK_LOCAL_IP=127.0.0.1
"$venv/bin/spark-submit" --master 'local-cluster[2,1,1024]' --conf spark.ui.enabled=false \
  docs/recipes/spark_triage.py --names "$work/names.txt" --out "$work/table" --tool "$work/slow" --batch 100 -- --timeout 60s \
  >"$work/log" 2>&1 &
driver=$!

# The processes below a process, one a line.
below() { local child; for child in $(ps -o pid= --ppid "$1"); do echo "$child"; below "$child"; done; }

for ((i = 0; i < 1200; i++)); do
  begun=$(find "$work" -maxdepth 1 -name 'begun.*' | wc -l)
  if [ "$begun" -ge 8 ]; then break; fi
  if ! kill -0 "$driver" 2>/dev/null; then break; fi
  sleep 0.1
done
victim=
for process in $(below "$driver"); do
  if tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | grep -q CoarseGrainedExecutorBackend; then victim=$process; break; fi
done
if [ -z "$victim" ]; then cat "$work/log"; echo "no worker was found to kill"; exit 1; fi
kill -9 "$victim"
echo "killed a worker after $begun batches had begun"
if ! wait "$driver"; then cat "$work/log"; exit 1; fi
grep -E 'rows, [0-9]+ names' "$work/log"

echo "== the rows of one machine"
"$venv/bin/python" tests/recipes/same_rows.py "$work/one.ndjson" "$work/table/*.parquet"
