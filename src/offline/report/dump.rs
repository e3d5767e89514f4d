//! `csv` and `json`: a table as it is, every column, the rows in the lake's order.
//!
//! What the tables say is not touched: names, order and words are the registry's, and a value that
//! other people chose is quoted by the format's own rules and nothing more. Rows are written as they
//! are read, so that a table of any size needs the memory of a batch.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::ReportError;
use crate::lake::{CommittedRun, Row};
use crate::table::{TableInfo, Value};

/// The table as RFC 4180 has it: a header always, CRLF after every line, quotes where they are needed.
///
/// NULL is an empty field. A list is its JSON, for CSV has no lists.
pub async fn csv(run: &CommittedRun, table: &TableInfo, out: &mut dyn Write) -> Result<(), ReportError> {
    let names = names(table);
    let mut writer = csv_writer(out);
    // Not before the first file was compared with its hash: what is refused has printed nothing.
    let mut header = Some(&names);
    run.each(table, &names, |row| {
        if let Some(names) = header.take() {
            writer.write_record(names)?;
        }
        for column in 0..names.len() {
            writer.write_field(field(row.value(column)))?;
        }
        // Ends the record.
        Ok::<(), ReportError>(writer.write_record(None::<&[u8]>)?)
    })
    .await?;
    if let Some(names) = header.take() {
        writer.write_record(names)?;
    }
    Ok(writer.flush()?)
}

/// The table as one JSON array, a row a line, the keys in the columns' order.
pub async fn json(run: &CommittedRun, table: &TableInfo, out: &mut dyn Write) -> Result<(), ReportError> {
    let names = names(table);
    let mut before = "[\n";
    run.each(table, &names, |row| {
        out.write_all(before.as_bytes())?;
        before = ",\n";
        let object = Object { names: &names, row };
        serde_json::to_writer(&mut *out, &object).map_err(|error| ReportError::Write(error.into()))
    })
    .await?;
    let end = if before == "[\n" { "[\n]\n" } else { "\n]\n" };
    Ok(out.write_all(end.as_bytes())?)
}

/// A writer of RFC 4180.
pub(super) fn csv_writer<W: Write>(out: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

impl From<csv::Error> for ReportError {
    /// Every error but the output's own would be ours: the fields are texts, and as many in each record.
    fn from(error: csv::Error) -> Self {
        Self::Write(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }
}

fn names(table: &TableInfo) -> Vec<&'static str> {
    table.columns().iter().map(|column| column.name).collect()
}

fn field(value: Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.into_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Timestamp(at) => at.in_full(),
        // A list of texts is JSON whatever is in it.
        Value::Texts(texts) => serde_json::to_string(&texts).unwrap_or_default(),
    }
}

/// A row as an object.
struct Object<'a> {
    names: &'a [&'static str],
    row: Row<'a>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cell = |(column, name)| (name, Cell(self.row.value(column)));
        serializer.collect_map(self.names.iter().enumerate().map(cell))
    }
}

/// A value as JSON has it.
struct Cell<'a>(Value<'a>);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Boolean(flag) => serializer.serialize_bool(*flag),
            Value::Timestamp(at) => serializer.serialize_str(&at.in_full()),
            Value::Texts(texts) => serializer.collect_seq(texts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    const HOSTILE: &str = "a,\"b\"\r\n\u{2028}🔐";

    fn line(values: Vec<Value<'_>>) -> String {
        let mut writer = csv_writer(Vec::new());
        writer.write_record(values.into_iter().map(field)).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    #[test]
    fn a_field_says_what_the_value_says() {
        let at = Value::Timestamp(Timestamp::from_millis(1_795_230_000_001));
        let values = vec![Value::Null, Value::Integer(-1), Value::Boolean(true), at, Value::texts([])];
        assert_eq!(line(values), ",-1,true,2026-11-21T03:00:00.001Z,[]\r\n");
        assert_eq!(
            line(vec![HOSTILE.into(), "".into()]),
            format!("\"{}\",\r\n", HOSTILE.replace('"', "\"\""))
        );
        let mixed = Value::Texts(vec![Some("a\"".into()), None]);
        assert_eq!(line(vec![mixed]), "\"[\"\"a\\\"\"\"\",null]\"\r\n");
    }

    #[test]
    fn a_cell_is_the_values_json() {
        for (value, json) in [
            (Value::Null, "null".to_owned()),
            (Value::Integer(i64::MAX), i64::MAX.to_string()),
            (Value::Boolean(false), "false".to_owned()),
            (Value::Timestamp(Timestamp::from_millis(0)), "\"1970-01-01T00:00:00.000Z\"".to_owned()),
            (HOSTILE.into(), format!("\"{}\"", HOSTILE.replace('"', "\\\"").replace("\r\n", "\\r\\n"))),
            (Value::Texts(vec![None, Some("x".into())]), "[null,\"x\"]".to_owned()),
        ] {
            assert_eq!(serde_json::to_string(&Cell(value)).unwrap(), json);
        }
    }

    /// An output that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_error_of_the_output_keeps_its_kind() {
        let mut writer = csv_writer(Full);
        let error = writer.write_record(["x".repeat(100_000)]).unwrap_err();
        let ReportError::Write(error) = error.into() else { panic!("it is the output's") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
