#!/usr/bin/env bash
# Runs the commands of docs/recipes/slurm_triage.sh and kubernetes_triage.yaml for every index, as the engines would, and compares the
# rows of all parts with those of one run. Needs nothing; usage: tests/recipes/arrays.sh [TOOL]
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$(realpath "${1:-target/release/tlspcap}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bin" "$work/slurm" "$work/rows"
ln -s "$tool" "$work/bin/tlspcap"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/srun"
chmod +x "$work/bin/srun"
export PATH="$work/bin:$PATH"
captures=$(realpath captures)
"$tool" triage --format ndjson "$captures" | LC_ALL=C sort >"$work/one"

same() {
  cat "$1"/part-*.ndjson | LC_ALL=C sort | cmp - "$work/one"
  echo "$2: $(wc -l <"$work/one") rows in $(ls "$1"/part-*.ndjson | wc -l) parts, all equal"
}

for ((i = 0; i < 8; i++)); do
  SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=8 bash docs/recipes/slurm_triage.sh "$captures" "$work/slurm" 2>/dev/null
done
same "$work/slurm" Slurm

# The pod's shell command, with its volume here.
command=$(sed -n '/exec tlspcap/,/\/data\/captures/p' docs/recipes/kubernetes_triage.yaml | tr '\n' ' ' |
  sed -e "s#/data/rows#$work/rows#" -e "s#/data/captures#$captures#")
for ((i = 0; i < 8; i++)); do
  JOB_COMPLETION_INDEX=$i sh -c "$command" 2>/dev/null
done
same "$work/rows" Kubernetes
