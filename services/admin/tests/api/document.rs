use std::path::Path;

use admin::Admin;

/// G-6: the checked-in document is what the code says.
#[test]
fn the_checked_in_document_is_fresh() {
    let path = Path::new("../../openapi/admin.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    let current = colink_runtime::openapi::<Admin>().unwrap();
    assert!(checked_in == current, "openapi/admin.json is stale: run `admin openapi`");
}
