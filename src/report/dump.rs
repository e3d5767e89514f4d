//! A table as CSV or JSON.

use std::io::Write;

use super::ReportError;
use crate::sink::CommittedRun;
use crate::table::TableInfo;

pub async fn csv(run: &CommittedRun, table: &TableInfo, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(())
}

pub async fn json(run: &CommittedRun, table: &TableInfo, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(())
}
