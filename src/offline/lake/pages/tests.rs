//! Files whose headers lie.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;

use super::*;

/// A file of one column.
fn file(values: Vec<String>, page: usize, dictionary: bool) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, true)]));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap()))
        .set_dictionary_enabled(dictionary)
        .set_data_page_size_limit(page)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).unwrap();
    writer.write(&RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(values))]).unwrap()).unwrap();
    writer.into_inner().unwrap()
}

fn checked(file: &[u8]) -> Result<usize, String> {
    check_schema(file)?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.to_vec())).unwrap();
    check(file, reader.metadata(), &ProjectionMask::all())
}

#[test]
fn a_file_as_it_is_written_is_read_in_whole_batches() {
    let values = |count: usize| (0..count).map(|n| format!("value {n}")).collect();
    assert_eq!(checked(&file(values(3), 1 << 20, false)), Ok(usize::MAX));
    let rows = checked(&file(values(50_000), 1 << 20, true)).unwrap();
    assert!((256..8_192).contains(&rows), "{rows}");
}

#[test]
fn a_page_and_a_row_group_have_a_bound() {
    let long = file(vec![" ".repeat(17 << 20)], 1 << 20, false);
    assert!(long.len() < 20_000, "{}", long.len());
    assert!(checked(&long).unwrap_err().contains("a page has 17825"));
    // Many pages of a megabyte, each of a few bytes.
    let many = file(vec![" ".repeat(1 << 20); 64], 1, false);
    assert!(many.len() < 60_000, "{}", many.len());
    assert!(checked(&many).unwrap_err().contains("when decompressed"));
    // Few bytes of a dictionary give many values.
    let told = file(vec!["x".repeat(256 << 10); 100], 1 << 20, true);
    assert_eq!(checked(&told), Ok(1_023));
}

#[test]
fn a_schema_has_a_bound_and_a_file_that_is_cut_is_none() {
    // Field 1, an integer; field 2, a list of 100,000 structures.
    let mut footer = vec![0x15, 2, 0x19, 0xfc, 0xa0, 0x8d, 6];
    footer.resize(1_000, 0);
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    let deep = [&b"PAR1"[..], &footer, &length, b"PAR1"].concat();
    assert!(check_schema(&deep).unwrap_err().contains("100000 elements"));
    let good = file(vec!["a".to_owned(), "b".to_owned()], 1 << 20, true);
    assert_eq!(check_schema(&good), Ok(()));
    for end in 0..good.len() {
        // What has no footer that can be found is the reader's to refuse: by one of both, each cut file is.
        let cut = &good[..end];
        let read = || ParquetRecordBatchReaderBuilder::try_new(Bytes::from(cut.to_vec()));
        assert!(check_schema(cut).is_err() || read().is_err(), "{end}");
        pages(&good[end..]).for_each(drop);
    }
}

/// A footer with these bytes before its length.
fn with_footer(footer: &[u8]) -> Vec<u8> {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [b"PAR1".as_slice(), footer, &length, b"PAR1"].concat()
}

#[test]
fn a_schema_that_is_not_counted_is_not_read() {
    // Field 1, of structures within structures, which this walk does not follow to their end; then field 2, a list of
    // 2,000 structures.
    let many = [0x19, 0xfc, 0xd0, 0x0f];
    let deep: Vec<u8> = [0x1c; 12].into_iter().chain([0; 12]).chain(many).collect();
    // The same list as a set, and right at the beginning.
    let set = [0x2a, 0xfc, 0xd0, 0x0f];
    for footer in [deep.as_slice(), &set, &[]] {
        check_schema(&with_footer(footer)).unwrap_err();
    }
    // Field 2 of one element.
    check_schema(&with_footer(&[0x29, 0x1c])).unwrap();
}
