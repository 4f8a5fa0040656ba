#!/bin/bash
# tlspcap triage as an array of eight tasks, each with its part of the names: sbatch slurm_triage.sh /data/captures /data/rows
#SBATCH --job-name=tlspcap-triage
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --requeue
set -euo pipefail
captures=$1
rows=$2

# auto: index and number of tasks come from SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT.
srun tlspcap triage --shard auto --timeout 60s --max-memory 512MiB --resume \
  -o "$(printf '%s/part-%05d.ndjson' "$rows" "$SLURM_ARRAY_TASK_ID")" "$captures"
