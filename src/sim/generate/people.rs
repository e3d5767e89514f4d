//! Names: units, accounts, teams.

/// A unit and the one above it.
pub(super) struct Unit {
    pub name: &'static str,
    pub parent: Option<&'static str>,
}

/// The tree that most organizations grow.
pub(super) const UNITS: &[Unit] = &[
    Unit { name: "Security", parent: None },
    Unit { name: "Infrastructure", parent: None },
    Unit { name: "Acquired", parent: None },
    Unit { name: "Workloads", parent: None },
    Unit { name: "Prod", parent: Some("Workloads") },
    Unit { name: "Test", parent: Some("Workloads") },
    Unit { name: "Sandbox", parent: None },
    Unit { name: "Suspended", parent: None },
];

/// The first accounts and their units.
const FIRST: [(&str, Option<&str>); 12] = [
    ("management", None),
    ("log-archive", Some("Security")),
    ("audit", Some("Security")),
    ("kestrel-freight", Some("Acquired")),
    ("payments-prod", Some("Prod")),
    ("payments-test", Some("Test")),
    ("datalake-prod", Some("Prod")),
    ("webshop-legacy", Some("Prod")),
    ("sandbox-closing", Some("Sandbox")),
    ("onboarding-new", Some("Sandbox")),
    ("legacy-crm", Some("Workloads")),
    ("old-marketing", Some("Suspended")),
];

const TEAMS: [&str; 16] = [
    "billing", "search", "mobile", "fraud", "ledger", "orders", "catalog", "identity", "pricing", "support",
    "reports", "shipping", "partner", "media", "risk", "claims",
];

const STAGES: [(&str, &str); 3] = [("prod", "Prod"), ("test", "Test"), ("dev", "Sandbox")];

/// The name of the account at an index, and its unit, or none for the root.
pub(super) fn name_and_unit(index: usize) -> (String, Option<&'static str>) {
    if let Some((name, unit)) = FIRST.get(index) {
        return ((*name).to_owned(), *unit);
    }
    let later = index - FIRST.len();
    let (stage, unit) = STAGES[later % STAGES.len()];
    let team = TEAMS[(later / STAGES.len()) % TEAMS.len()];
    // A number tells the second team of a name from the first.
    let round = later / (STAGES.len() * TEAMS.len());
    let name = if round == 0 { format!("{team}-{stage}") } else { format!("{team}{}-{stage}", round + 1) };
    (name, Some(unit))
}
