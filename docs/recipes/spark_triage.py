"""tlspcap triage on an Apache Spark cluster: a list of captures becomes a Parquet table, one row per capture.

    spark-submit --master spark://HOST:7077 --files tlspcap spark_triage.py \
        --names names.txt --out s3a://bucket/triage --tool ./tlspcap -- --timeout 60s --truststore corporate.pem

Every name in the list must be readable on every executor: a shared file system, or s3://, gs://, az:// with a build that has the
feature `cloud`. What stands behind `--` goes to tlspcap. Exit status 0 means that every name has its rows.
"""

import argparse
import json
import subprocess
import sys
import threading
from datetime import datetime

from pyspark.sql import SparkSession
from pyspark.sql import types as T

# Beside the columns of tlspcap: the name in the list, since an archive has a row per member.
NAME = T.StructField("name", T.StringType(), False)


def table_schema(tool):
    """The columns, from the schema that the tool prints: a newer tool may have more."""
    document = json.loads(subprocess.check_output([tool, "schema", "triage"]))
    fields = []
    for column, about in document["properties"].items():
        about = about if "type" in about else {"type": "string"}
        kinds = about["type"] if isinstance(about["type"], list) else [about["type"]]
        kind = {
            "integer": T.IntegerType() if about.get("format") == "int32" else T.LongType(),
            "boolean": T.BooleanType(),
            "string": T.TimestampType() if about.get("format") == "date-time" else T.StringType(),
        }[next(kind for kind in kinds if kind != "null")]
        fields.append(T.StructField(column, kind, True))
    return T.StructType(fields + [NAME])


def ask(command, names):
    """Answers of one process: a list of (name, row). It may end early, when the process dies."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        try:
            with process.stdin as to:
                to.write(b"".join(name.encode() + b"\0" for name in names))
        except BrokenPipeError:
            pass  # seen below: names stay unanswered

    threading.Thread(target=feed, daemon=True).start()
    answers, at = [], 0
    for line in process.stdout:
        try:
            row = json.loads(line)
        except ValueError:
            break  # the last line of a process that died
        # Rows come in the order of the names; a member's path begins with its archive's.
        while at < len(names) and not belongs(row["path"], names[at]):
            at += 1
        if at == len(names):
            break
        answers.append((names[at], row))
    process.stdout.close()
    if process.wait() != 0 and answers:
        # The last name may have had more members.
        last = answers[-1][0]
        answers = [answer for answer in answers if answer[0] != last]
    return answers


def belongs(path, name):
    return path == name or path.startswith(name + "!")


def answer(tool, options, columns):
    """The function that Spark runs on each partition of names."""
    command = [tool, "triage", "--stream", "--format", "ndjson", "--files-from", "-", "-0", *options]

    def run(names):
        names = list(names)
        if not names:
            return
        answered = ask(command, names)
        done = {name for name, _ in answered}
        # tlspcap gives every capture its row, also one that makes a worker crash. Should the whole process have been lost,
        # the names that it owes are asked for one by one.
        for name in names:
            if name not in done:
                answered += ask(command, [name]) or [(name, lost(name))]
        for name, row in answered:
            yield tuple(value(row.get(field.name), field.dataType) for field in columns) + (name,)

    return run


def lost(name):
    text = "no answer from tlspcap on this executor"
    return {"schema": "tlspcap.triage/1", "path": name, "status": "crashed", "packets": 0, "bytes": 0,
            "error_kind": "crash", "error": text}


def value(text, kind):
    if text is None or not isinstance(kind, T.TimestampType):
        return text
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", required=True, help="a text file with a name a line")
    parser.add_argument("--out", required=True, help="folder of the Parquet table, which is replaced")
    parser.add_argument("--tool", default="tlspcap", help="the program on the executors")
    parser.add_argument("--batch", type=int, default=200, help="names that one process answers")
    parser.add_argument("options", nargs="*", help="options for tlspcap triage, behind --")
    arguments = parser.parse_args()

    spark = SparkSession.builder.appName("tlspcap triage").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    schema = table_schema(arguments.tool)
    names = [name for name in dict.fromkeys(spark.sparkContext.textFile(arguments.names).collect()) if name]
    # Cut in the driver, not by a shuffle: when a worker is lost, its part must be the same when it is done again.
    parts = max(1, -(-len(names) // arguments.batch))
    names = spark.sparkContext.parallelize(names, parts)
    run = answer(arguments.tool, arguments.options, schema.fields[:-1])
    spark.createDataFrame(names.mapPartitions(run), schema).write.mode("overwrite").parquet(arguments.out)

    # Not assumed but looked at: what was written has every name.
    table = spark.read.parquet(arguments.out)
    wanted = names.map(lambda name: (name,)).toDF(["name"])
    missing = wanted.join(table, "name", "left_anti").count()
    table.groupBy("status", "cause").count().orderBy("count", ascending=False).show(50, truncate=False)
    print(f"{table.count()} rows, {missing} names without one")
    spark.stop()
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
