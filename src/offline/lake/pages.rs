//! What a Parquet file says of itself, held to bounds before a reader allocates by it.
//!
//! The reader takes a page's size out of its compression from the page's header, up to 2 GiB, and the depth of the
//! schema from the footer. A few hundred bytes can say both. So the headers are walked first, in Thrift's compact
//! protocol (apache/thrift, `doc/specs/thrift-compact-protocol.md`), with the fields of apache/parquet-format's
//! `parquet.thrift`. Pure: bytes in, a sentence out.

use ::parquet::arrow::ProjectionMask;
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// Elements of a schema: the widest table has a tenth of them.
const MOST_ELEMENTS: usize = 1_000;
/// A page out of its compression. The writer ends one after 1 MiB, or after 1,024 rows.
const LONGEST_PAGE: u64 = 16 * 1_024 * 1_024;
/// How far the pages of a row group may grow out of their compression, and what they may grow to in any case.
const MOST_GROWTH: u64 = 1_000;
const SMALL: u64 = 4 * 1_024 * 1_024;
/// Values of a batch that come from one entry of a dictionary may take so many bytes.
const BATCH_BYTES: u64 = 256 * 1_024 * 1_024;
/// Structures within structures: a page's header has three.
const MOST_DEPTH: usize = 8;

/// Refuses a file whose schema has more elements than a table.
pub fn check_schema(file: &[u8]) -> Result<(), String> {
    let length = file
        .len()
        .checked_sub(8)
        .and_then(|at| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?)));
    let footer = length.and_then(|length| {
        let end = file.len() - 8;
        file.get(end.checked_sub(usize::try_from(length).ok()?)?..end)
    });
    let Some(footer) = footer else { return Ok(()) };
    let mut elements = None;
    // It ends at the schema, or where the footer is none.
    let _ = Thrift { rest: footer }.fields(|thrift, id, kind| match (id, kind) {
        // The reader takes what is there for a list, whatever type it says.
        (2, _) => {
            elements = Some(thrift.list()?.0);
            // What follows is for the reader.
            None
        }
        _ => thrift.skip(kind, 0),
    });
    match elements {
        Some(elements) if elements > MOST_ELEMENTS => {
            Err(format!("its schema has {elements} elements, and no table has more than {MOST_ELEMENTS}"))
        }
        Some(_) => Ok(()),
        // The reader may get farther than this walk: what is not counted is not read.
        None => Err("its footer has no schema that can be read".to_owned()),
    }
}

/// Refuses a file one of whose pages, or all of a row group, are more out of their compression than a table's can be;
/// gives the most rows that a batch should have.
pub fn check(file: &[u8], metadata: &ParquetMetaData, wanted: &ProjectionMask) -> Result<usize, String> {
    let mut rows = u64::MAX;
    for group in metadata.row_groups() {
        let (mut packed, mut whole) = (0, 0_u64);
        for (_, column) in group.columns().iter().enumerate().filter(|(at, _)| wanted.leaf_included(*at)) {
            let chunk = chunk(file, column).ok_or("a column does not lie within it")?;
            packed += chunk.len() as u64;
            for page in pages(chunk) {
                let page = page.ok_or("the header of a page cannot be read")?;
                if page.bytes > LONGEST_PAGE {
                    return Err(format!(
                        "a page has {} bytes, and none has more than {LONGEST_PAGE}",
                        page.bytes
                    ));
                }
                whole += page.bytes;
                if page.is_dictionary {
                    rows = rows.min(BATCH_BYTES / page.bytes.max(1));
                }
            }
        }
        let most = SMALL.max(MOST_GROWTH.saturating_mul(packed));
        if whole > most {
            return Err(format!(
                "{packed} bytes of it are {whole} bytes when decompressed, and at most {most} are allowed"
            ));
        }
    }
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

/// A column's pages, as the footer places them. The reader panics over what is less than 0.
fn chunk<'a>(file: &'a [u8], column: &ColumnChunkMetaData) -> Option<&'a [u8]> {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let start = usize::try_from(start).ok()?;
    let length = usize::try_from(column.compressed_size()).ok()?;
    file.get(start..start.checked_add(length)?)
}

/// What a page's header says.
struct Page {
    /// Out of its compression.
    bytes: u64,
    is_dictionary: bool,
}

/// The pages of a column; none, and no more, where a header cannot be read.
fn pages(chunk: &[u8]) -> impl Iterator<Item = Option<Page>> + '_ {
    let mut rest = Some(chunk);
    std::iter::from_fn(move || {
        let here = rest.take().filter(|here| !here.is_empty())?;
        let mut thrift = Thrift { rest: here };
        let page = thrift.page().and_then(|(page, packed)| Some((page, thrift.rest.get(packed..)?)));
        Some(page.map(|(page, after)| {
            rest = Some(after);
            page
        }))
    })
}

/// A walk through bytes in the compact protocol; none where they end or are none.
struct Thrift<'a> {
    rest: &'a [u8],
}

// The protocol's types.
const I32: u8 = 5;
const LIST: u8 = 9;

impl Thrift<'_> {
    /// A page's header: what it says, and how long the page is that follows.
    fn page(&mut self) -> Option<(Page, usize)> {
        let (mut kind, mut bytes, mut packed) = (None, None, None);
        self.fields(|thrift, id, of| {
            match (id, of) {
                (1, I32) => kind = Some(thrift.integer()?),
                (2, I32) => bytes = Some(u64::try_from(thrift.integer()?).ok()?),
                (3, I32) => packed = Some(usize::try_from(thrift.integer()?).ok()?),
                _ => thrift.skip(of, 0)?,
            }
            Some(())
        })?;
        // `PageType.DICTIONARY_PAGE` is 2.
        Some((Page { bytes: bytes?, is_dictionary: kind? == 2 }, packed?))
    }

    /// Gives each field of a structure, by its id and type, to be taken or skipped.
    fn fields(&mut self, mut field: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                more => i64::checked_add(id, more.into())?,
            };
            field(self, id, head & 15)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // A boolean of a structure is in its type.
            1 | 2 => Some(()),
            3 => self.byte().map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.take(8),
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length)
            }
            _ if depth == MOST_DEPTH => None,
            LIST | 10 => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, depth))
            }
            11 => self.skip_map(depth),
            12 => self.fields(|thrift, _, kind| thrift.skip(kind, depth + 1)),
            _ => None,
        }
    }

    fn skip_map(&mut self, depth: usize) -> Option<()> {
        let count = self.varint()?;
        let kinds = if count == 0 { 0 } else { self.byte()? };
        (0..count).try_for_each(|_| {
            self.skip_element(kinds >> 4, depth)?;
            self.skip_element(kinds & 15, depth)
        })
    }

    /// A boolean of a list is a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        if matches!(kind, 1 | 2) { self.byte().map(drop) } else { self.skip(kind, depth + 1) }
    }

    /// A list's count and type; each element has a byte at least.
    fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            few => few.into(),
        };
        Some((count, head & 15))
    }

    fn integer(&mut self) -> Option<i64> {
        let folded = self.varint()?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests;
