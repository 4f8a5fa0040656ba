//! Rows as Apache Parquet: the columns of the schema, typed, compressed with Snappy.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use tlspcap::error::{Error, Result};
use tlspcap::triage::{COLUMNS, ColumnKind, REQUIRED, Row, SCHEMA};

use crate::cli::output::FileOutput;

/// Writes rows into a file that appears when it is whole.
pub(super) struct ParquetWriter {
    writer: ArrowWriter<FileOutput>,
    path: PathBuf,
    schema: Arc<Schema>,
    /// Rows that wait for a batch, as their values in the order of the columns.
    waiting: Vec<Vec<Value>>,
}

/// Rows of one batch.
const BATCH: usize = 1024;

/// Rows of one row group.
const GROUP: usize = 65_536;

/// Bytes of a row group that is being put together after which it is written though it has fewer rows.
const GROUP_BYTES: usize = 32 << 20;

impl ParquetWriter {
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Err(Error::Usage("--format parquet needs -o FILE".to_owned()));
        };
        let file = FileOutput::open(path)?;
        let schema = schema();
        let about = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP))
            .set_key_value_metadata(Some(vec![
                about("tlspcap.schema", SCHEMA),
                about("tlspcap.version", env!("CARGO_PKG_VERSION")),
            ]))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|error| failed(path, &error))?;
        Ok(Self { writer, path: path.to_owned(), schema, waiting: Vec::new() })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            let Ok(Value::Object(fields)) = serde_json::to_value(row) else { continue };
            self.waiting.push(fields.into_iter().map(|(_, value)| value).collect());
            if self.waiting.len() >= BATCH {
                self.write_batch()?;
            }
        }
        Ok(())
    }

    fn write_batch(&mut self) -> Result<()> {
        let columns = COLUMNS.iter().enumerate();
        let arrays = columns
            .map(|(at, (_, kind))| {
                let values = self.waiting.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
                array(*kind, values)
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| failed(&self.path, &error))?;
        self.waiting.clear();
        self.writer.write(&batch).map_err(|error| failed(&self.path, &error))?;
        if self.writer.in_progress_size() > GROUP_BYTES {
            self.writer.flush().map_err(|error| failed(&self.path, &error))?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            self.write_batch()?;
        }
        let file = self.writer.into_inner().map_err(|error| failed(&self.path, &error))?;
        file.commit()
    }
}

fn failed(path: &Path, error: &dyn Display) -> Error {
    Error::Output { path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
}

fn schema() -> Arc<Schema> {
    let fields = COLUMNS.iter().enumerate().map(|(at, (name, kind))| {
        let kind = match kind {
            ColumnKind::Text => DataType::Utf8,
            ColumnKind::Int32 => DataType::Int32,
            ColumnKind::Int64 => DataType::Int64,
            ColumnKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ColumnKind::Bool => DataType::Boolean,
        };
        Field::new(*name, kind, at >= REQUIRED)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The values of one column; what does not fit its type is null.
fn array<'v>(kind: ColumnKind, values: impl Iterator<Item = &'v Value>) -> ArrayRef {
    match kind {
        ColumnKind::Text => {
            let mut builder = StringBuilder::new();
            values.for_each(|value| builder.append_option(value.as_str()));
            Arc::new(builder.finish())
        }
        ColumnKind::Int32 => {
            let mut builder = Int32Builder::new();
            values.for_each(|value| builder.append_option(value.as_i64().and_then(|n| n.try_into().ok())));
            Arc::new(builder.finish())
        }
        ColumnKind::Int64 => {
            let mut builder = Int64Builder::new();
            values.for_each(|value| builder.append_option(value.as_i64()));
            Arc::new(builder.finish())
        }
        ColumnKind::Time => {
            let mut builder = TimestampMicrosecondBuilder::new();
            values.for_each(|value| builder.append_option(value.as_str().and_then(microseconds)));
            Arc::new(builder.finish().with_timezone("UTC"))
        }
        ColumnKind::Bool => {
            let mut builder = BooleanBuilder::new();
            values.for_each(|value| builder.append_option(value.as_bool()));
            Arc::new(builder.finish())
        }
    }
}

fn microseconds(time: &str) -> Option<i64> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use tlspcap::triage::Status;

    #[test]
    fn rows_come_back_with_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        let mut row = Row::named("a.pcap".to_owned(), Status::Partial);
        row.first_time = Some("2021-05-19T10:41:02.123456Z".to_owned());
        row.failed = Some(2);
        let mut writer = ParquetWriter::open(Some(&path)).unwrap();
        writer.write(&vec![row; BATCH + 1]).unwrap();
        assert!(!path.exists(), "it appears when it is whole");
        writer.finish().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
        let about = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
        assert!(about.iter().any(|entry| entry.value.as_deref() == Some(SCHEMA)));
        assert_eq!(reader.schema().fields(), schema().fields());
        let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, BATCH + 1);
        assert_eq!(microseconds("2021-05-19T10:41:02.123456Z"), Some(1_621_420_862_123_456));
    }
}
