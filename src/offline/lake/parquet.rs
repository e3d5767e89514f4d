//! Rows into Parquet files, one part at a time, so that a table of any size needs the memory of one.
//!
//! The bytes are a pure function of the rows and of this file: no clock, no library version in the
//! footer, fixed row groups, and no embedded Arrow schema, whose encoding is Arrow's to change.
//! What is chosen here is what `DuckDB`, pandas, Trino and Athena all read: format version 1 pages,
//! three-level lists whose inner field is `element`, instants as INT64 milliseconds in UTC.

use std::borrow::Cow;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Int32Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use crate::model::RunId;
use crate::table::{ColumnInfo, Kind, RUN_ID, SCHEMA_VERSION, Table, Value, infos};

/// Rows in a part, unless the caller wants another number: a part is held in memory until it is written.
pub const PART_ROWS: usize = 1_000_000;

/// Rows in a row group: the unit that engines skip by statistics and read in parallel.
const ROW_GROUP_ROWS: usize = 131_072;

/// Rows that are turned into Arrow arrays at once. It divides [`ROW_GROUP_ROWS`].
const BATCH_ROWS: usize = 8_192;

/// Zstandard's level: its own default.
const ZSTD_LEVEL: i32 = 3;

/// Rows that could not be encoded: a fault of this program, not of its user.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A column gave a value that is not of its kind.
    #[error("failed to encode {table}.{column}: its value is not of type {kind}")]
    Kind {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What the column says that it holds.
        kind: Kind,
    },
    /// Arrow refused the columns.
    #[error("failed to encode {table}: {source}")]
    Arrow {
        /// The table.
        table: &'static str,
        /// Why.
        source: ArrowError,
    },
    /// The Parquet writer failed.
    #[error("failed to encode {table}: {source}")]
    Parquet {
        /// The table.
        table: &'static str,
        /// Why.
        source: ParquetError,
    },
}

/// A finished file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The table.
    pub table: &'static str,
    /// Counts from 0.
    pub number: usize,
    /// The file.
    pub bytes: Vec<u8>,
    /// Rows in it.
    pub rows: u64,
}

/// A table while it is being written.
#[derive(Debug)]
pub struct ParquetTable<R: 'static> {
    table: &'static Table<R>,
    run_id: RunId,
    part_rows: usize,
    schema: SchemaRef,
    /// [`RUN_ID`]'s first, then one a column.
    cells: Vec<Cells>,
    /// Rows in `cells`.
    pending: usize,
    open: Option<OpenPart>,
    /// Parts that were handed out.
    parts: usize,
}

#[derive(Debug)]
struct OpenPart {
    writer: ArrowWriter<Vec<u8>>,
    rows: usize,
}

impl<R> ParquetTable<R> {
    /// Starts a table of one run.
    pub fn new(table: &'static Table<R>, run_id: RunId) -> Self {
        let columns = infos(table);
        let cells = columns.iter().map(|column| Cells::new(column.kind)).collect();
        let schema = arrow_schema(&columns);
        Self { table, run_id, part_rows: PART_ROWS, schema, cells, pending: 0, open: None, parts: 0 }
    }

    /// Sets the rows in a part, at least one.
    #[must_use]
    pub fn with_part_rows(mut self, rows: usize) -> Self {
        self.part_rows = rows.max(1);
        self
    }

    /// Adds a row. Gives a part where the row was its last, for the caller to write and forget.
    pub fn push(&mut self, row: &R) -> Result<Option<Part>, EncodeError> {
        self.append(row)?;
        self.pending += 1;
        let in_part = self.open.as_ref().map_or(0, |open| open.rows) + self.pending;
        if in_part >= self.part_rows {
            return self.close_part().map(Some);
        }
        if self.pending >= BATCH_ROWS {
            self.flush()?;
        }
        Ok(None)
    }

    /// Ends the table. Gives the parts that [`push`](Self::push) has not given: the last one, or, of
    /// a table without a row, one that has the schema alone, so that readers always find the table.
    pub fn finish(mut self) -> Result<Vec<Part>, EncodeError> {
        if self.open.is_none() && self.pending == 0 && self.parts > 0 {
            return Ok(Vec::new());
        }
        Ok(vec![self.close_part()?])
    }

    fn append(&mut self, row: &R) -> Result<(), EncodeError> {
        let run_id = (RUN_ID, Value::from(&self.run_id));
        let columns = self.table.columns.iter().map(|column| (column.info(), (column.value)(row)));
        for (cells, (column, value)) in self.cells.iter_mut().zip(std::iter::once(run_id).chain(columns)) {
            let table = self.table.name;
            let not_of_kind = |NotOfKind| EncodeError::Kind { table, column: column.name, kind: column.kind };
            cells.append(value).map_err(not_of_kind)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), EncodeError> {
        let table = self.table.name;
        let columns: Vec<ArrayRef> = self.cells.iter_mut().map(Cells::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|source| EncodeError::Arrow { table, source })?;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_part()?,
        };
        open.writer.write(&batch).map_err(|source| EncodeError::Parquet { table, source })?;
        open.rows += self.pending;
        self.pending = 0;
        self.open = Some(open);
        Ok(())
    }

    fn open_part(&self) -> Result<OpenPart, EncodeError> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties())
            .with_skip_arrow_metadata(true)
            .with_schema_root(self.table.name.to_owned());
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&self.schema), options)
            .map_err(|source| EncodeError::Parquet { table: self.table.name, source })?;
        Ok(OpenPart { writer, rows: 0 })
    }

    fn close_part(&mut self) -> Result<Part, EncodeError> {
        if self.pending > 0 {
            self.flush()?;
        }
        let table = self.table.name;
        let open = match self.open.take() {
            Some(open) => open,
            None => self.open_part()?,
        };
        let bytes = open.writer.into_inner().map_err(|source| EncodeError::Parquet { table, source })?;
        let number = self.parts;
        self.parts += 1;
        Ok(Part { table, number, bytes, rows: open.rows as u64 })
    }
}

fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("the level is one that Zstandard has");
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        // parquet-java, and Trino with it, ignores the statistics of a file whose `created_by` has not
        // the form "application version number" (parquet-java: VersionParser, CorruptStatistics).
        .set_created_by(format!("atrest version {SCHEMA_VERSION}"))
        .build()
}

/// The Arrow schema of some columns. Only `run_id` is never NULL.
pub fn arrow_schema(columns: &[ColumnInfo]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|column| Field::new(column.name, data_type(column.kind), column.name != RUN_ID.name));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::String => DataType::Utf8,
        Kind::Bigint => DataType::Int64,
        Kind::Int => DataType::Int32,
        Kind::Boolean => DataType::Boolean,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        Kind::StringArray => DataType::List(element()),
    }
}

/// The field in a list. Parquet's own name for it is `element`; Arrow's `item` misleads Hive readers.
fn element() -> FieldRef {
    Arc::new(Field::new("element", DataType::Utf8, true))
}

/// A value that is not of its column's kind.
struct NotOfKind;

/// The cells of one column that are not written yet.
#[derive(Debug)]
enum Cells {
    Text(StringBuilder),
    Bigint(Int64Builder),
    Int(Int32Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMillisecondBuilder),
    Texts(ListBuilder<StringBuilder>),
}

impl Cells {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::String => Self::Text(StringBuilder::new()),
            Kind::Bigint => Self::Bigint(Int64Builder::new()),
            Kind::Int => Self::Int(Int32Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Timestamp => {
                Self::Timestamp(TimestampMillisecondBuilder::new().with_data_type(data_type(kind)))
            }
            Kind::StringArray => Self::Texts(ListBuilder::new(StringBuilder::new()).with_field(element())),
        }
    }

    fn append(&mut self, value: Value<'_>) -> Result<(), NotOfKind> {
        match (self, value) {
            (cells, Value::Null) => cells.append_null(),
            (Self::Text(cells), Value::Text(text)) => cells.append_value(text),
            (Self::Bigint(cells), Value::Integer(number)) => cells.append_value(number),
            (Self::Int(cells), Value::Integer(number)) => {
                cells.append_value(i32::try_from(number).map_err(|_| NotOfKind)?);
            }
            (Self::Boolean(cells), Value::Boolean(flag)) => cells.append_value(flag),
            (Self::Timestamp(cells), Value::Timestamp(at)) => cells.append_value(at.millis()),
            (Self::Texts(cells), Value::Texts(texts)) => append_texts(cells, &texts),
            _ => return Err(NotOfKind),
        }
        Ok(())
    }

    fn append_null(&mut self) {
        match self {
            Self::Text(cells) => cells.append_null(),
            Self::Bigint(cells) => cells.append_null(),
            Self::Int(cells) => cells.append_null(),
            Self::Boolean(cells) => cells.append_null(),
            Self::Timestamp(cells) => cells.append_null(),
            Self::Texts(cells) => cells.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) => ArrayBuilder::finish(cells),
            Self::Bigint(cells) => ArrayBuilder::finish(cells),
            Self::Int(cells) => ArrayBuilder::finish(cells),
            Self::Boolean(cells) => ArrayBuilder::finish(cells),
            Self::Timestamp(cells) => ArrayBuilder::finish(cells),
            Self::Texts(cells) => ArrayBuilder::finish(cells),
        }
    }
}

fn append_texts(cells: &mut ListBuilder<StringBuilder>, texts: &[Option<Cow<'_, str>>]) {
    for text in texts {
        cells.values().append_option(text.as_deref());
    }
    cells.append(true);
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::clock::Timestamp;
    use crate::table::{Column, TABLES};
    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};

    static SAMPLE: Table<i64> = Table {
        name: "sample",
        doc: "A row.",
        columns: &[
            Column { name: "text", kind: Kind::String, doc: "", value: |n| Value::printed(n) },
            Column {
                name: "big",
                kind: Kind::Bigint,
                doc: "",
                value: |n| if n % 2 == 0 { Value::Integer(*n) } else { Value::Null },
            },
            Column { name: "small", kind: Kind::Int, doc: "", value: |n| Value::Integer(n % 100) },
            Column { name: "flag", kind: Kind::Boolean, doc: "", value: |n| (n % 3 == 0).into() },
            Column {
                name: "seen_at",
                kind: Kind::Timestamp,
                doc: "",
                value: |n| Timestamp::from_millis(*n).into(),
            },
            Column { name: "list", kind: Kind::StringArray, doc: "", value: |n| list(*n) },
        ],
    };

    fn list(n: i64) -> Value<'static> {
        match n % 3 {
            0 => Value::Null,
            1 => Value::Texts(Vec::new()),
            _ => Value::Texts(vec![Some("a".into()), None]),
        }
    }

    fn run_id() -> RunId {
        "20261121T030000Z-0badcafe".parse().unwrap()
    }

    fn written(rows: i64, part_rows: usize) -> Vec<Part> {
        let mut table = ParquetTable::new(&SAMPLE, run_id()).with_part_rows(part_rows);
        let mut parts: Vec<Part> = (0..rows).filter_map(|n| table.push(&n).unwrap()).collect();
        parts.extend(table.finish().unwrap());
        parts
    }

    fn file_of(part: &Part) -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&part.bytes).unwrap();
        file
    }

    fn read(part: &Part) -> RecordBatch {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file_of(part)).unwrap();
        let schema = Arc::clone(reader.schema());
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        arrow::compute::concat_batches(&schema, &batches).unwrap()
    }

    #[test]
    fn every_kind_comes_back() {
        let batch = read(&written(6, 100)[0]);
        assert_eq!(batch.num_rows(), 6);
        assert_eq!(batch.column(0).as_string::<i32>().value(5), run_id().as_str());
        assert_eq!(batch.column(1).as_string::<i32>().value(5), "5");
        assert_eq!(batch.column(2).as_primitive::<Int64Type>().value(4), 4);
        assert!(batch.column(2).is_null(5) && batch.column(4).as_boolean().value(3));
        assert_eq!(batch.column(3).as_primitive::<Int32Type>().value(5), 5);
        assert_eq!(batch.column(5).as_primitive::<TimestampMillisecondType>().value(5), 5);
        let lists = batch.column(6).as_list::<i32>();
        assert!(lists.is_null(0) && !lists.is_null(1) && lists.value(1).is_empty());
        assert_eq!(lists.value(2).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None]);
    }

    #[test]
    fn parts_roll_and_keep_every_row() {
        let parts = written(25, 10);
        assert_eq!(parts.iter().map(|p| (p.number, p.rows)).collect::<Vec<_>>(), [(0, 10), (1, 10), (2, 5)]);
        let texts: Vec<String> = parts
            .iter()
            .flat_map(|p| {
                read(p).column(1).as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(texts, (0..25).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(written(20, 10).len(), 2, "a full last part needs no empty one after it");
    }

    #[test]
    fn an_empty_table_has_one_file_with_the_schema() {
        let parts = written(0, 10);
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].rows, read(&parts[0]).num_columns()), (0, 7));
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        assert_eq!(written(20_000, 15_000), written(20_000, 15_000));
    }

    #[test]
    fn row_groups_codec_statistics_and_creator_are_fixed() {
        let part = &written(150_000, PART_ROWS)[0];
        let reader = SerializedFileReader::new(file_of(part)).unwrap();
        let metadata = reader.metadata();
        assert_eq!(metadata.file_metadata().created_by(), Some("atrest version 1"));
        assert!(metadata.file_metadata().key_value_metadata().is_none());
        let rows: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(rows, [131_072, 150_000 - 131_072]);
        let column = metadata.row_group(0).column(1);
        assert!(matches!(column.compression(), Compression::ZSTD(_)));
        assert!(column.statistics().is_some_and(|s| s.min_bytes_opt().is_some()));
    }

    #[test]
    fn the_parquet_schema_is_what_engines_read() {
        let part = &written(1, 10)[0];
        let reader = SerializedFileReader::new(file_of(part)).unwrap();
        let mut text = Vec::new();
        ::parquet::schema::printer::print_schema(
            &mut text,
            reader.metadata().file_metadata().schema_descr().root_schema(),
        );
        let expected = "\
message sample {
  REQUIRED BYTE_ARRAY run_id (STRING);
  OPTIONAL BYTE_ARRAY text (STRING);
  OPTIONAL INT64 big;
  OPTIONAL INT32 small;
  OPTIONAL BOOLEAN flag;
  OPTIONAL INT64 seen_at (TIMESTAMP(MILLIS,true));
  OPTIONAL group list (LIST) {
    REPEATED group list {
      OPTIONAL BYTE_ARRAY element (STRING);
    }
  }
}
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_value_of_another_kind_is_an_error_that_names_its_column() {
        static WRONG: Table<i64> = Table {
            name: "wrong",
            doc: "",
            columns: &[Column { name: "small", kind: Kind::Int, doc: "", value: |n| Value::Integer(*n) }],
        };
        let mut table = ParquetTable::new(&WRONG, run_id());
        let error = table.push(&i64::MAX).unwrap_err();
        assert_eq!(error.to_string(), "failed to encode wrong.small: its value is not of type int");
    }

    #[test]
    fn every_table_of_the_registry_has_a_schema() {
        for table in TABLES {
            let schema = arrow_schema(&table.columns());
            assert!(schema.fields().iter().all(|field| field.is_nullable() == (field.name() != "run_id")));
        }
    }
}
