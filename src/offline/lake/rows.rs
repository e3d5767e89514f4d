//! A committed run's rows, read back: what a report is made of.
//!
//! The manifest says which files a table has, and each is compared with its hash before a row of it is
//! believed: a torn or changed file is an error that names it, never a shorter table. Files come
//! one at a time, so that a table of any size needs the memory of one. Columns are found by name;
//! one that an older run did not write is NULL.

use std::error::Error;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use bytes::Bytes;

use super::committed::commit_key;
use super::{Lake, LakeError, Manifest, commit_row, pages, sha256_hex};
use crate::clock::Timestamp;
use crate::log::Reason;
use crate::model::{RunId, RunKind};
use crate::table::{self, Kind, TableInfo, Value};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 8_192;

/// A committed run of a lake.
#[derive(Debug, Clone)]
pub struct CommittedRun {
    lake: Lake,
    manifest: Manifest,
    manifest_sha256: String,
}

/// The censuses before a run, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Those that can be read, as far as their manifests tell.
    pub censuses: Vec<RunId>,
    /// Runs whose manifest cannot be read, and why.
    pub lost: Vec<(RunId, String)>,
}

impl CommittedRun {
    /// Opens a run by its id.
    pub async fn open(lake: &Lake, run_id: &RunId) -> Result<Self, LakeError> {
        if !lake.committed(run_id) {
            let (uri, newest) = (lake.uri().to_owned(), lake.runs().next_back().cloned());
            return Err(match newest {
                Some(newest) => LakeError::NotCommitted { uri, run_id: run_id.clone(), newest },
                None => LakeError::NoRun { uri },
            });
        }
        let (manifest, bytes) = lake.manifest_and_bytes(run_id).await?;
        let run = Self { lake: lake.clone(), manifest, manifest_sha256: sha256_hex(&bytes) };
        run.check_commit(run_id).await?;
        Ok(run)
    }

    /// Opens the newest census; where there is none, the newest run.
    pub async fn newest(lake: &Lake) -> Result<Self, LakeError> {
        let Some(newest) = lake.runs().next_back() else {
            return Err(LakeError::NoRun { uri: lake.uri().to_owned() });
        };
        match lake.census_before(None).await? {
            Some(census) => Self::open(lake, &census).await,
            None => Self::open(lake, newest).await,
        }
    }

    /// The censuses before this run, the newest first, at most that many, and the runs among them that cannot
    /// be read: each is a missing night.
    pub async fn earlier(&self, most: usize) -> Result<Earlier, LakeError> {
        let mut earlier = Earlier::default();
        for run_id in self.lake.runs().rev().filter(|run_id| **run_id < self.manifest.run_id) {
            if earlier.censuses.len() == most {
                break;
            }
            match self.lake.manifest(run_id).await {
                Ok(manifest) if manifest.kind == RunKind::Census => earlier.censuses.push(run_id.clone()),
                Ok(_) => {}
                Err(error) if error.is_lost_night() => earlier.lost.push((run_id.clone(), error.to_string())),
                Err(error) => return Err(error),
            }
        }
        Ok(earlier)
    }

    /// The lake.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The hex SHA-256 of the manifest's bytes.
    pub fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// Rows that a table has, as the manifest says.
    pub fn count(&self, table: &str) -> u64 {
        self.manifest.files.iter().filter(|file| file.table == table).map(|file| file.rows).sum()
    }

    /// Gives every row of a table, in the order in which it was written, with the columns that are
    /// asked for.
    pub async fn each<E: From<LakeError>>(
        &self,
        table: &TableInfo,
        columns: &[&str],
        mut row: impl FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for key in self.files(table.name) {
            let bytes = self.file(&key).await?;
            let damaged = |reason: Reason| self.damaged(&key, reason);
            let batches = batches(bytes, columns).map_err(damaged)?;
            let (most, mut rows) = (self.rows_in(&key), 0);
            for batch in batches {
                let batch = batch.map_err(|error| damaged(not_parquet(error)))?;
                // A few bytes can be rows without end.
                rows += batch.num_rows() as u64;
                if rows > most {
                    let words = format!("it has more than {most} rows, as many as its run wrote");
                    return Err(damaged(words.into()).into());
                }
                let cells = cells(table, columns, &batch).map_err(|words| damaged(words.into()))?;
                for at in 0..batch.num_rows() {
                    row(Row { cells: &cells, at })?;
                }
                // A table of a large organization takes minutes: whoever waits may stop it here.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Refuses a table one of whose files is not as it was committed, but for the first, which [`each`](Self::each)
    /// reads before it gives a row. A table of one file is so read once.
    pub async fn hold_rest(&self, table: &str) -> Result<(), LakeError> {
        for key in self.files(table).iter().skip(1) {
            self.file(key).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Rows that a file has; the file of the `runs` row, which no manifest names, has one.
    fn rows_in(&self, key: &str) -> u64 {
        self.manifest.files.iter().find(|file| file.key == key).map_or(1, |file| file.rows)
    }

    fn files(&self, table: &str) -> Vec<String> {
        if table == table::runs::TABLE.name {
            return vec![commit_key(&self.manifest.run_id)];
        }
        // Keys of one table and run differ in their number alone.
        let files = self.manifest.files.iter().filter(|file| file.table == table);
        let mut keys: Vec<String> = files.map(|file| file.key.clone()).collect();
        keys.sort();
        keys
    }

    async fn file(&self, key: &str) -> Result<Vec<u8>, LakeError> {
        let entry = self.manifest.files.iter().find(|file| file.key == key);
        let Some(entry) = entry else {
            // The file of the `runs` row alone, which no manifest can name.
            let bytes = self.lake.store().get(key).await?;
            return bytes.ok_or_else(|| self.damaged(key, "it is not there"));
        };
        self.lake.held(key, entry.bytes, &entry.sha256).await
    }

    async fn check_commit(&self, run_id: &RunId) -> Result<(), LakeError> {
        let file = self.file(&commit_key(run_id)).await?;
        commit_row::check(self.lake.uri(), run_id, file, &self.manifest, &self.manifest_sha256)
    }

    fn damaged(&self, key: &str, reason: impl Into<Reason>) -> LakeError {
        LakeError::damaged(self.lake.uri(), key, reason)
    }
}

impl Lake {
    /// The newest committed census, where a newer run that cannot be read may be one, and is an error; or the newest
    /// one before a run, where such a run is a missing night.
    pub async fn census_before(&self, before: Option<&RunId>) -> Result<Option<RunId>, LakeError> {
        let older = self.runs().rev().filter(|run_id| before.is_none_or(|before| *run_id < before));
        for run_id in older {
            match self.manifest(run_id).await {
                Ok(manifest) if manifest.kind == RunKind::Census => return Ok(Some(run_id.clone())),
                Ok(_) => {}
                Err(error) if before.is_some() && error.is_lost_night() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// Gives every row of one file, with the columns that are asked for; or why it cannot be read.
pub(super) fn rows_of(
    file: Vec<u8>,
    table: &TableInfo,
    columns: &[&str],
    mut row: impl FnMut(Row<'_>),
) -> Result<(), Reason> {
    let mut rows = 0;
    for batch in batches(file, columns)? {
        let batch = batch.map_err(not_parquet)?;
        rows += batch.num_rows();
        if rows > BATCH_ROWS {
            return Err(format!("it has more than {BATCH_ROWS} rows").into());
        }
        let cells = cells(table, columns, &batch)?;
        (0..batch.num_rows()).for_each(|at| row(Row { cells: &cells, at }));
    }
    Ok(())
}

/// What the library says of it names its own parts, and not what a person can do.
const NOT_PARQUET: &str = "it is not a complete Parquet file";

fn not_parquet(error: impl Error + Send + Sync + 'static) -> Reason {
    Reason::worded(NOT_PARQUET, error)
}

type Batches = ::parquet::arrow::arrow_reader::ParquetRecordBatchReader;

fn batches(bytes: Vec<u8>, columns: &[&str]) -> Result<Batches, Reason> {
    let bytes = Bytes::from(bytes);
    pages::check_schema(&bytes)?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).map_err(not_parquet)?;
    let wanted = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
    let rows = pages::check(&bytes, reader.metadata(), &wanted)?.clamp(1, BATCH_ROWS);
    reader.with_projection(wanted).with_batch_size(rows).build().map_err(not_parquet)
}

/// One row of a table; columns are by their place in what was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    cells: &'a [Cells<'a>],
    at: usize,
}

/// A column of one batch.
#[derive(Debug)]
enum Cells<'a> {
    /// The run was written before the column was there.
    Missing,
    Text(&'a StringArray),
    Bigint(&'a Int64Array),
    Int(&'a Int32Array),
    Boolean(&'a BooleanArray),
    Timestamp(&'a TimestampMillisecondArray),
    Texts(&'a ListArray),
}

impl<'a> Row<'a> {
    /// The value of a column.
    pub fn value(&self, column: usize) -> Value<'a> {
        match &self.cells[column] {
            Cells::Missing => Value::Null,
            Cells::Text(_) => self.text(column).into(),
            Cells::Bigint(_) | Cells::Int(_) => self.integer(column).map_or(Value::Null, Value::Integer),
            Cells::Boolean(_) => self.boolean(column).into(),
            Cells::Timestamp(_) => self.timestamp(column).into(),
            Cells::Texts(_) => self.texts(column).map_or(Value::Null, |texts| {
                Value::Texts(texts.into_iter().map(|text| text.map(Into::into)).collect())
            }),
        }
    }

    /// A text; none where it is NULL, and in a column of another kind.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        match self.cells[column] {
            Cells::Text(cells) => cells.is_valid(self.at).then(|| cells.value(self.at)),
            _ => None,
        }
    }

    /// A whole number of either width.
    pub fn integer(&self, column: usize) -> Option<i64> {
        match self.cells[column] {
            Cells::Bigint(cells) => cells.is_valid(self.at).then(|| cells.value(self.at)),
            Cells::Int(cells) => cells.is_valid(self.at).then(|| i64::from(cells.value(self.at))),
            _ => None,
        }
    }

    /// True or false.
    pub fn boolean(&self, column: usize) -> Option<bool> {
        match self.cells[column] {
            Cells::Boolean(cells) => cells.is_valid(self.at).then(|| cells.value(self.at)),
            _ => None,
        }
    }

    /// An instant.
    pub fn timestamp(&self, column: usize) -> Option<Timestamp> {
        match self.cells[column] {
            Cells::Timestamp(cells) => {
                cells.is_valid(self.at).then(|| Timestamp::from_millis(cells.value(self.at)))
            }
            _ => None,
        }
    }

    /// A list of texts, whose entries may be unknown.
    pub fn texts(&self, column: usize) -> Option<Vec<Option<&'a str>>> {
        match self.cells[column] {
            Cells::Texts(cells) if cells.is_valid(self.at) => {
                let ends = cells.value_offsets();
                let place = |at: usize| usize::try_from(ends[at]).expect("an offset is no less than 0");
                let texts = cells.values().as_string::<i32>();
                let text = |at: usize| texts.is_valid(at).then(|| texts.value(at));
                Some((place(self.at)..place(self.at + 1)).map(text).collect())
            }
            _ => None,
        }
    }
}

fn cells<'a>(table: &TableInfo, columns: &[&str], batch: &'a RecordBatch) -> Result<Vec<Cells<'a>>, String> {
    let registered = table.columns();
    let cell = |name: &&str| {
        let column = registered.iter().find(|column| column.name == *name);
        let kind = column.expect("a column that is asked for is the table's").kind;
        let Some(array) = batch.column_by_name(name) else { return Ok(Cells::Missing) };
        typed(kind, array).ok_or_else(|| format!("its column `{name}` is not of type {kind}"))
    };
    columns.iter().map(cell).collect()
}

fn typed(kind: Kind, array: &ArrayRef) -> Option<Cells<'_>> {
    match kind {
        Kind::String => array.as_string_opt().map(Cells::Text),
        Kind::Bigint => array.as_primitive_opt::<Int64Type>().map(Cells::Bigint),
        Kind::Int => array.as_primitive_opt::<Int32Type>().map(Cells::Int),
        Kind::Boolean => array.as_boolean_opt().map(Cells::Boolean),
        Kind::Timestamp => array.as_primitive_opt::<TimestampMillisecondType>().map(Cells::Timestamp),
        Kind::StringArray => {
            let list = array.as_list_opt::<i32>()?;
            list.values().as_string_opt::<i32>().map(|_| Cells::Texts(list))
        }
    }
}

#[cfg(test)]
mod tests;
