"""tlspcap triage on Ray: a list of captures becomes Parquet, one row per capture.

    python ray_triage.py --names names.txt --out s3://bucket/triage --tool tlspcap -- --timeout 60s

Every name in the list must be readable on every node. What stands behind `--` goes to tlspcap. Exit status 0 means that every name has
its rows. Needs `pip install "ray[data]"`.
"""

import argparse
import json
import subprocess
import sys


def ask(command, names):
    """Answers of one process: pairs of name and row, for as many names as it answered."""
    given = b"".join(name.encode() + b"\0" for name in names)
    lines = subprocess.run(command, input=given, stdout=subprocess.PIPE).stdout.split(b"\n")
    answers, at = [], 0
    for line in lines[:-1]:  # what has no line end is not whole
        row = json.loads(line)
        while at < len(names) and row["path"] != names[at] and not row["path"].startswith(names[at] + "!"):
            at += 1
        if at < len(names):
            answers.append((names[at], row))
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", required=True, help="a text file with a name a line")
    parser.add_argument("--out", required=True, help="folder of the Parquet files; a new one for each run")
    parser.add_argument("--tool", default="tlspcap", help="the program on the nodes")
    parser.add_argument("--address", help="of the cluster; without it Ray starts on this machine")
    parser.add_argument("--batch", type=int, default=200, help="names that one process answers")
    parser.add_argument("options", nargs="*", help="options for tlspcap triage, behind --")
    arguments = parser.parse_args()

    import pyarrow as pa
    import ray

    document = json.loads(subprocess.check_output([arguments.tool, "schema", "triage"]))

    def kind(about):
        kinds = about.get("type", "string")
        if "integer" in kinds:
            return pa.int32() if about.get("format") == "int32" else pa.int64()
        return pa.bool_() if "boolean" in kinds else pa.string()

    # Moments stay text here, which sorts as they do; cast them where they are read.
    schema = pa.schema([(column, kind(about)) for column, about in document["properties"].items()] + [("name", pa.string())])
    command = [arguments.tool, "triage", "--stream", "--format", "ndjson", "--files-from", "-", "-0", *arguments.options]

    def answer(batch):
        names = batch["item"].to_pylist()
        answers = ask(command, names)
        done = {name for name, _ in answers}
        for name in names:
            if name not in done:
                lost = {"schema": "tlspcap.triage/1", "path": name, "status": "crashed", "packets": 0, "bytes": 0,
                        "error_kind": "crash", "error": "no answer from tlspcap on this node"}
                answers += ask(command, [name]) or [(name, lost)]
        return pa.Table.from_pylist([{**row, "name": name} for name, row in answers], schema=schema)

    ray.init(address=arguments.address)
    with open(arguments.names) as lines:
        names = sorted({line.rstrip("\n") for line in lines} - {""})
    blocks = max(1, -(-len(names) // arguments.batch))
    rows = ray.data.from_items(names, override_num_blocks=blocks).map_batches(
        answer, batch_format="pyarrow", batch_size=arguments.batch)
    rows.write_parquet(arguments.out)
    answered = set(ray.data.read_parquet(arguments.out, columns=["name"]).to_pandas()["name"])
    missing = len(set(names) - answered)
    print(f"{len(answered)} names answered, {missing} not")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
