//! The page.

use std::io::Write;

use super::ReportError;
use crate::sink::CommittedRun;

pub async fn write(run: &CommittedRun, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(())
}
