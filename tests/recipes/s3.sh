#!/usr/bin/env bash
# Reads captures from an S3 emulator on the loopback and compares the rows with those of the files.
# Needs a build with the feature `cloud` and pip; usage: tests/recipes/s3.sh [TOOL]
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=$(realpath "${1:-target/release/tlspcap}")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

venv=$(realpath -m "${TLSPCAP_VENV:-$work/venv}")
if [ ! -x "$venv/bin/moto_server" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'moto[server]' boto3
fi

port=$((20000 + RANDOM % 20000))
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/log" 2>&1 &
server=$!
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true
cat >"$work/fill.py" <<'EOF'
import os, pathlib, sys, time
import boto3

for _ in range(100):
    try:
        store = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT"])
        store.create_bucket(Bucket="uploads")
        break
    except Exception:
        time.sleep(0.2)
root = pathlib.Path(sys.argv[1])
for path in sorted(root.rglob("*")):
    if path.is_file():
        store.upload_file(str(path), "uploads", "case 1/" + str(path.relative_to(root)))
EOF
"$venv/bin/python" "$work/fill.py" captures

# Which of two equal files comes first depends on the order, and that of folders is not that of keys.
rows() { sed -E 's#"(\./|s3://uploads/case 1/)#"#; s#"duplicate_of":("[^"]*"|null),##' "$1" | LC_ALL=C sort; }

(cd captures && "$tool" triage --hash .) >"$work/files.ndjson"
rows "$work/files.ndjson" >"$work/files"
for jobs in 1 16; do
  "$tool" triage --hash --jobs "$jobs" "s3://uploads/case 1/" >"$work/objects-$jobs.ndjson"
done
cmp "$work/objects-1.ndjson" "$work/objects-16.ndjson"
rows "$work/objects-1.ndjson" >"$work/objects"
cmp "$work/files" "$work/objects"
echo "$(wc -l <"$work/objects") objects, the rows are those of the files"

"$tool" triage "s3://uploads/case 1/seed/capture.pcap" s3://uploads/none s3://nobucket/x >"$work/odd.ndjson"
"$tool" triage "s3://uploads/case 1/seed/capture.pcap" s3://uploads/none s3://nobucket/x >"$work/again.ndjson"
cmp "$work/odd.ndjson" "$work/again.ndjson"
printf 's3://uploads/case 1/seed/capture.pcap\ns3://uploads/none\n' |
  "$tool" triage --stream --isolate process - >"$work/listed.ndjson"
kinds() { grep -oE '"(status":"ok|error_kind":"[a-z-]+)"' "$1" | tr '\n' ' '; }
[ "$(kinds "$work/odd.ndjson")" = '"status":"ok" "error_kind":"not-found" "error_kind":"not-found" ' ]
[ "$(kinds "$work/listed.ndjson")" = '"status":"ok" "error_kind":"not-found" ' ]
echo "single objects, and names that lead nowhere"
