//! A log's lines out of its compression, in memory that is bounded whatever the file says.
//!
//! A few hundred bytes of zstd can be gigabytes of one line. So a line has a bound, and all of them together one
//! that grows with the file.

use std::io::{self, BufRead, BufReader, Read};

use super::Reason;

/// The longest line, with its end: a policy of 64 KiB whose every letter is escaped has a tenth of it.
const LONGEST_LINE: usize = 4 * 1_024 * 1_024;
/// How far a log may grow out of its compression. Those of the simulator grow 12 to 16 times, and one of 200,000
/// buckets with names in a row, of which no read was answered, 461 times (measured). Zeros grow 30,000 times.
const MOST_GROWTH: u64 = 5_000;
/// What a small log may grow to in any case.
const SMALL: u64 = 16 * 1_024 * 1_024;
/// The largest window of zstd, as a power of two: 8 MiB. The writer's is 2 MiB.
const WINDOW_LOG: u32 = 23;

/// Lines with their newline; an error where the frame is cut short, or is more than a log can be.
pub fn lines_of(bytes: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, Reason>> + '_ {
    let most = SMALL.max(MOST_GROWTH.saturating_mul(bytes.len() as u64));
    let mut left = most;
    let (mut reader, mut failed) = match open(bytes) {
        Ok(reader) => (Some(reader), None),
        Err(error) => (None, Some(Reason::of(error))),
    };
    std::iter::from_fn(move || {
        let Some(reader) = &mut reader else { return failed.take().map(Err) };
        let mut line = Vec::new();
        // One more than there may be, so that what is too long shows.
        let read = reader.by_ref().take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line);
        left = left.saturating_sub(line.len() as u64);
        match read {
            Err(error) => Some(Err(Reason::of(error))),
            Ok(_) if line.len() > LONGEST_LINE => {
                Some(Err(format!("it has a record of more than {LONGEST_LINE} bytes").into()))
            }
            Ok(_) if left == 0 => {
                let words = format!("its {} bytes are more than {most} bytes when decompressed", bytes.len());
                Some(Err(words.into()))
            }
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
        }
    })
}

fn open(bytes: &[u8]) -> io::Result<BufReader<zstd::Decoder<'_, BufReader<&[u8]>>>> {
    let mut decoder = zstd::Decoder::new(bytes)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(BufReader::new(decoder))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// How the reading of a frame ends, and how many lines came before.
    fn read(frame: &[u8]) -> (usize, Option<String>) {
        let mut lines = 0;
        for line in lines_of(frame) {
            match line {
                Ok(line) => {
                    assert!(line.len() <= LONGEST_LINE);
                    lines += 1;
                }
                Err(reason) => return (lines, Some(reason.to_string())),
            }
        }
        (lines, None)
    }

    /// So many times a text, in one frame.
    fn frame(text: &[u8], times: usize) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        (0..times).for_each(|_| encoder.write_all(text).unwrap());
        encoder.finish().unwrap()
    }

    #[test]
    fn a_line_has_a_bound() {
        let mut longest = vec![b' '; LONGEST_LINE];
        longest[LONGEST_LINE - 1] = b'\n';
        assert_eq!(read(&frame(&longest, 2)), (2, None));
        longest.insert(0, b' ');
        let (lines, reason) = read(&frame(&longest, 1));
        assert_eq!(lines, 0);
        assert!(reason.unwrap().contains("a record of more than 4194304 bytes"));
        // A quarter of a gigabyte of one line, in some 10 kB.
        let (lines, reason) = read(&frame(&vec![0; 1 << 20], 256));
        assert!(lines == 0 && reason.is_some());
    }

    #[test]
    fn all_lines_together_have_a_bound_that_grows_with_the_file() {
        let line = [&[b'x'; 1_023][..], b"\n"].concat();
        let bomb = frame(&line, 256 * 1_024);
        assert!(bomb.len() < 64 * 1_024, "{} bytes", bomb.len());
        let (lines, reason) = read(&bomb);
        let most = SMALL.max(MOST_GROWTH * bomb.len() as u64);
        assert_eq!(lines as u64, most.div_ceil(1_024) - 1);
        assert!(reason.unwrap().contains("when decompressed"));
        // As much that was no bomb.
        let mut random = letters(1);
        let text: Vec<u8> = (0..1 << 20).map(|at| if at % 64 == 63 { b'\n' } else { random() }).collect();
        assert_eq!(read(&frame(&text, 32)), (32 << 14, None));
    }

    /// Letters that do not compress: a linear congruential generator (Knuth, MMIX).
    fn letters(seed: u64) -> impl FnMut() -> u8 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            b'a' + u8::try_from(state >> 60).unwrap()
        }
    }

    #[test]
    fn a_window_has_a_bound() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(WINDOW_LOG + 1).unwrap();
        let lines = vec![b'\n'; 1 << 20];
        (0..32).for_each(|_| encoder.write_all(&lines).unwrap());
        let (_, reason) = read(&encoder.finish().unwrap());
        assert!(reason.is_some());
    }
}
