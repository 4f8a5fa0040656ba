//! `--shard`: which part of the names is this process's.

use tlspcap::error::{Error, Result};

/// Schedulers that number their tasks from 0: the variables with the index and with the number of tasks.
const SCHEDULERS: [(&str, &str); 3] = [
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"),
    ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"),
];

/// Index and number of shards of `I/N`, `auto/N` or `auto`; `variable` reads the environment.
pub(super) fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<(u64, u64)> {
    let wrong = |why: &str| Error::Usage(format!("--shard {text}: {why}"));
    let number = |text: &str| text.parse::<u64>().ok();
    let (index, count) = text.split_once('/').map_or((text, None), |(index, count)| (index, Some(count)));
    let (index, told) = if index == "auto" {
        let set = SCHEDULERS.iter().find_map(|(index, count)| Some((variable(index)?, *count)));
        let (index, count) = set
            .ok_or_else(|| wrong("no index in the environment (Kubernetes, AWS Batch and Slurm set one)"))?;
        (number(&index), variable(count).and_then(|count| number(&count)))
    } else {
        (number(index), None)
    };
    let count = match count {
        Some(count) => number(count),
        None => told,
    };
    match (index, count) {
        (Some(index), Some(count)) if index < count => Ok((index, count)),
        _ => Err(wrong("expected I/N with I from 0 and below N, auto/N, or auto where N is set too")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_below_the_number_of_shards() {
        let parse = |text| parse(text, |_| None);
        assert_eq!(parse("0/4").unwrap(), (0, 4));
        assert_eq!(parse("3/4").unwrap(), (3, 4));
        for text in ["4/4", "x/4", "1", "1/x", "", "/", "auto", "auto/4", "0/0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn auto_is_the_index_of_the_scheduler() {
        let kubernetes = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "2".to_owned());
        assert_eq!(parse("auto/5", kubernetes).unwrap(), (2, 5));
        assert!(parse("auto", kubernetes).is_err());
        let slurm = |name: &str| match name {
            "SLURM_ARRAY_TASK_ID" => Some("7".to_owned()),
            "SLURM_ARRAY_TASK_COUNT" => Some("8".to_owned()),
            _ => None,
        };
        assert_eq!(parse("auto", slurm).unwrap(), (7, 8));
    }
}
